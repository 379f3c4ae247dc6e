"""The choices for an embedding, in the words of its view and in those of Python."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
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
        given = {**chosen, "correct_only": chosen["correctOnly"]}
        settings: dict[str, Any] = {field.name: type(field.default)(given[field.name]) for field in fields(cls)}
        settings["samples"] = max(1, settings["samples"])
        if settings["pool"] not in ("all", "mean"):
            settings["pool"] = int(settings["pool"])
        return cls(**settings)

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
