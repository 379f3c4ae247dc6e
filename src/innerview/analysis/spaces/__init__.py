"""Spaces of many vectors: neighbours, distances, similarities, and the separation of classes."""
