"""What a model does: its layers, what each returned, and how to look without leaving a trace."""
