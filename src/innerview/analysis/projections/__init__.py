"""Fewer dimensions: principal components and the other bases, fitted at once or in a stream."""
