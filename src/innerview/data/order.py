"""The order in which samples are visited: whatever part of them was seen so far stands for all."""

from __future__ import annotations

import numpy as np


def visiting_order(total: int, labels: np.ndarray | None, seed: int = 0) -> np.ndarray:
    """Draw a random order of which every beginning holds the classes in proportion, as far as whole samples allow.

    Each class is shuffled and spread evenly over the order, from a random place on: systematic sampling by strata
    (W. G. Cochran, Sampling Techniques, 3rd edition 1977, chapters 5 and 8). A share estimated from such a part varies
    less than one estimated from a part drawn from all alike, so its usual interval covers at least as often as it says.

    Args:
        total: N.
        labels: int64 ``[N]``; negative ones are a class of their own. None: all alike.
        seed: of the draw.

    Returns:
        int64 ``[N]``: each index once.
    """
    random = np.random.default_rng(seed)
    shuffled = random.permutation(total)
    if labels is None:
        return shuffled
    classes = np.maximum(labels[shuffled], -1) + 1
    sizes = np.bincount(classes)
    grouped = np.argsort(classes, kind="stable")
    ranks = np.empty(total, np.int64)
    ranks[grouped] = np.arange(total) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    places = (ranks + random.random(len(sizes))[classes]) / sizes[classes]
    return shuffled[np.argsort(places, kind="stable")]
