"""Positions in the plane: t-SNE, UMAP, and the laying of pictures over each other."""
