"""Floor 2: the layers of a model and what each returned, looked at without leaving a trace."""
