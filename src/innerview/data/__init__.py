"""Floor 2: samples by index from any source, and what is fed to a model for them."""
