"""Floor 3: what can be asked of a model on its data."""
