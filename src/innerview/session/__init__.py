"""Floor 4: what a person holds: a model on its data, a selection, jobs, checkpoints."""
