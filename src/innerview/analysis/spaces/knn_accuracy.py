"""How often a point's nearest neighbours share its class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from innerview.analysis.spaces.neighbours import Neighbours

_VOTES = 1 << 22  # counts of votes held at a time


def knn_accuracies(neighbours: Neighbours, classes: np.ndarray, k: int = 10) -> tuple[float, float]:
    """Accuracy of a k-nearest-neighbour classifier on its own points, and leave-one-out.

    Each neighbour has one vote; of classes with equally many, the lowest number wins, as in scikit-learn's
    KNeighborsClassifier.

    Args:
        neighbours: of N points, at least k each.
        classes: int64 [N], the class of each point, from 0.
        k: how many neighbours vote.

    Returns:
        Resubstitution, where the point itself is one of its k neighbours, as `score` gives it on the data of `fit`
        (only if a point has k or more duplicates may scikit-learn leave it out); and leave-one-out, where it is not.

    Raises:
        DataError: fewer than k neighbours are given.
    """
    with_itself, others = voted(neighbours, classes, k)
    return float(with_itself.mean()), float(others.mean())


def voted(neighbours: Neighbours, classes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Whether the vote names each point's own class: bool [N] with the point itself among the k, and without."""
    votes = classes[neighbours.first(k).indices]
    with_itself = np.concatenate([classes[:, None], votes[:, :-1]], axis=1)
    return _winners(with_itself) == classes, _winners(votes) == classes


def _winners(votes: np.ndarray) -> np.ndarray:
    """The most frequent number in each row of votes [N, k], the lowest of several."""
    count = int(votes.max()) + 1
    winners = np.empty(len(votes), np.int64)
    step = max(1, _VOTES // count)
    for start in range(0, len(votes), step):
        part = votes[start : start + step]
        cells = part + count * np.arange(len(part))[:, None]
        winners[start : start + step] = (
            np.bincount(cells.ravel(), minlength=len(part) * count).reshape(-1, count).argmax(1)
        )
    return winners
