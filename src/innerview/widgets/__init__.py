"""Floor 6: the page that carries panels to a notebook."""
