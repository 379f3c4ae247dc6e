"""Numbers about many values: mergeable statistics, intervals, contrasts."""
