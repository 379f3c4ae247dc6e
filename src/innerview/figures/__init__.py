"""Floor 1: results as bqplot figures, to be put into dashboards of one's own. Arrays in, a figure out."""
