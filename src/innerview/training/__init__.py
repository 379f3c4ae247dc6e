"""The training monitor: recording, judging and acting while a model learns."""
