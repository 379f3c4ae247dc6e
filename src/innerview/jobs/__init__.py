"""Floor 0: one worker thread, and generators that yield progress or better and better results."""
