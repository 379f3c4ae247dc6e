"""Floor 4: one file a view. The selection changed: compute, then send a frame."""
