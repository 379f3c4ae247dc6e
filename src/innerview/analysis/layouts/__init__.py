"""Positions in the plane: t-SNE and UMAP, and how pictures are laid over each other."""
