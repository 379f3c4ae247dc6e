"""One sample: how its activation is read, and what it looks like."""
