"""Floor 1: arrays in, arrays out. Nothing here knows a module, a notebook or a view."""
