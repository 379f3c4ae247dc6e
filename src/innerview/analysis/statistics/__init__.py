"""Numbers about many values: mergeable statistics, contrasts."""
