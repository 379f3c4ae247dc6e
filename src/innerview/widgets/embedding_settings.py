"""The choices for an embedding, in the words of its view and in those of Python."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from innerview.study.embeddings import check_picture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from innerview.study.representations import Pool


@dataclass(frozen=True)
class EmbeddingSettings:
    """The choices for an embedding, as for ``innerview.study.embeddings.embedding``."""

    method: str = "pca"
    dimensions: int = 2
    pool: Pool = "all"
    samples: int = 0
    correct_only: bool = False
    perplexity: float = 30.0
    neighbours: int = 15
    distance: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        check_picture(self.method, self.dimensions)

    @classmethod
    def of(cls, chosen: Mapping[str, Any]) -> EmbeddingSettings:
        """The choices as the view sends them."""
        pool = chosen["pool"]
        return cls(
            method=str(chosen["method"]),
            dimensions=int(chosen["dimensions"]),
            pool=pool if pool in ("all", "mean") else int(pool),
            samples=max(1, int(chosen["samples"])),
            correct_only=bool(chosen["correctOnly"]),
            perplexity=float(chosen["perplexity"]),
            neighbours=int(chosen["neighbours"]),
            distance=float(chosen["distance"]),
            seed=int(chosen["seed"]),
        )

    def for_view(self) -> dict[str, Any]:
        """The choices as the view is sent them."""
        chosen = asdict(self)
        chosen["correctOnly"] = chosen.pop("correct_only")
        return chosen

    def of_picture(self) -> dict[str, Any]:
        """The options of ``is_known``."""
        names = ("method", "dimensions", "seed", "perplexity", "neighbours", "distance")
        return {name: getattr(self, name) for name in names}

    def of_vectors(self) -> dict[str, Any]:
        """The options of ``representing``, but for the samples."""
        return {"pool": self.pool, "correct_only": self.correct_only, "seed": self.seed}
