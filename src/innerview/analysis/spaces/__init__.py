"""Many vectors: their neighbours, distances and similarities, and how well they tell classes apart."""
