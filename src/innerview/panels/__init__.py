"""Floor 5: one file a view. The selection changed: compute, then send a frame. No panel knows a widget."""
