"""The questions that a person can ask of a model on its data, in one call each."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import torch

from innerview.arguments import strict
from innerview.errors import DataError, UnseenLayerError
from innerview.jobs.progress import finish
from innerview.study.compressibility import comparing
from innerview.study.compression_results import Compression, CompressionSpec, curve_of, specs_of
from innerview.study.compressions import compressing, tabulating
from innerview.study.embeddings import embedding
from innerview.study.projections import FITTED_ON
from innerview.study.qualities import quality
from innerview.study.similarities import similarity
from innerview.study.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from torch import Tensor, nn

    from innerview.analysis.pictures.axes import Axes
    from innerview.data.samples import Batch, Data
    from innerview.model.layers import Layers
    from innerview.study.predictions import Predictions
    from innerview.study.subject import Subject

P = ParamSpec("P")
Asked = TypeVar("Asked")
Of = TypeVar("Of")
Found = TypeVar("Found")
Answer = TypeVar("Answer")

_INTERNAL = ("subject", "subjects", "reuse", "job")


def asking(
    name: str,
    of: Callable[[Asked], Of],
    study: Callable[Concatenate[Of, P], Generator[Any, None, Found]],
    then: Callable[[Found], Answer],
    *,
    like: Callable[..., Any] | None = None,
) -> Callable[Concatenate[Asked, P], Answer]:
    """A method of this name that runs a study of ``of(self)`` to its end and returns ``then(result)``.

    Its parameters and its documentation are those of the study, and of ``like``, to which that passes its options on.
    """

    def ask(self: Asked, *args: P.args, **kwargs: P.kwargs) -> Answer:
        return then(finish(study(of(self), *args, **kwargs)))

    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    taken = {p.name: p for p in inspect.signature(study).parameters.values() if p.kind != p.VAR_KEYWORD}
    for parameter in [] if like is None else inspect.signature(like).parameters.values():
        if parameter.kind == parameter.KEYWORD_ONLY:
            taken.setdefault(parameter.name, parameter)
    parameters = [own, *(parameter for name, parameter in taken.items() if name not in _INTERNAL)]
    ask.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    ask.__name__, ask.__qualname__ = name, f"Inspector.{name}"
    ask.__doc__ = _without_internals(inspect.cleandoc(study.__doc__ or ""))
    return strict(ask)


def _without_internals(text: str) -> str:
    """A docstring without the parameters that the method does not take, and without what a generator yields."""
    for parameter in _INTERNAL:
        text = re.sub(rf"^    {parameter}: .*\n(?:     +.*\n)*", "", text, flags=re.MULTILINE)
    return re.sub(r"^Yields:\n(?: +.*\n)+\n?", "", text, flags=re.MULTILINE)


def as_it_is(result: Found) -> Found:
    """Return a study's result unchanged."""
    return result


def _subject(asked: Questions) -> Subject:
    return asked.subject


class Questions:
    """Questions about one model on its data; each is answered for the weights of this moment."""

    @property
    def subject(self) -> Subject:
        """The model on its data, at this moment."""
        raise NotImplementedError

    @property
    def _latest(self) -> Subject:
        """The subject, for what may be told of an earlier state of the model."""
        return self.subject

    @property
    def model(self) -> nn.Module:
        """The model."""
        return self._latest.model

    @property
    def data(self) -> Data:
        """The data, as samples by index."""
        return self._latest.data

    @property
    def samples(self) -> int:
        """The number of samples in the data."""
        return len(self.data)

    @property
    def layers(self) -> Layers:
        """Every layer by name, in execution order; found with one forward of the first two samples."""
        return self._latest.layers

    @property
    def axes(self) -> Axes:
        """The reading of each layer's axes: channels, positions, tokens."""
        return self._latest.axes

    @property
    def device(self) -> str:
        """The device of the model's first parameter; "cpu" for a model without any."""
        return self.subject.device

    @property
    def predictions(self) -> Predictions:
        """The model's prediction for each sample, as far as it was asked."""
        return self._latest.predictions

    def output(self, batch: Batch) -> Any:
        """The model's output for a batch, in evaluation mode, without gradients."""
        return self.subject.output(batch)

    @strict
    def activations(self, layer: str, samples: Sequence[int] | None = None) -> Tensor:
        """A layer's output for many samples.

        Args:
            layer: a name in ``layers``.
            samples: N indices, or a mask with one entry for each sample; all samples when None.

        Returns:
            ``[N, ...]`` on the CPU: the layer's output with the batch axis in front, in its own dtype.

        Raises:
            UnknownLayerError, UnseenLayerError: no such layer, or its output cannot be seen.
            DataError: these are not samples of the data.
            ForwardError: the model rejects a batch.
        """
        subject = self.subject
        indices = range(len(subject.data)) if samples is None else samples
        parts = [found.values.cpu() for found in sweep(subject, layer, indices)]
        try:
            return torch.cat(parts)
        except RuntimeError as error:
            shapes = sorted({tuple(part.shape[1:]) for part in parts})
            raise UnseenLayerError(f"{layer!r} returns another shape for other samples: {shapes[:4]}") from error

    embed = asking("embed", _subject, embedding, as_it_is)
    quality = asking("quality", _subject, quality, as_it_is)
    similarity = asking("similarity", _subject, similarity, as_it_is)
    accuracy_curve = asking("accuracy_curve", _subject, compressing, curve_of)
    compressibility = asking("compressibility", _subject, comparing, as_it_is)
    compression_table = asking("compression_table", _subject, tabulating, as_it_is, like=compressing)

    @strict
    def compress(
        self,
        layer: str | Sequence[CompressionSpec | tuple[Any, ...]],
        rank: int | None = None,
        basis: str = "pca",
        axis: str = "channels",
        *,
        also: Sequence[CompressionSpec | tuple[Any, ...]] = (),
        within: float | None = None,
        samples: int | None = None,
        metric: Callable[[Any, Any], Any] | None = None,
        fit: Any = None,
        fit_samples: int = FITTED_ON,
        seed: int = 0,
    ) -> Compression:
        """The accuracy that is left when a layer's output is projected on ``rank`` dimensions.

        Several layers are compressed together by a list in place of the layer:
        ``compress([("layer2", 64), ("layer3", 32, "pca", "all")])``. The result is that of the first of them, with the
        others in ``also``. The arguments are those of ``accuracy_curve``, for one rank, of which all samples are
        evaluated unless ``within`` says what is enough.

        Raises:
            UnknownLayerError, UnseenLayerError, DataError, InnerviewError, ForwardError: as ``accuracy_curve``.
        """
        together = specs_of([(layer, rank, basis, axis)] if isinstance(layer, str) else layer)
        if not together:
            raise DataError("no layers to compress: give (layer, rank) for each")
        first, *others = together
        work = compressing(
            self.subject,
            first.layer,
            [first.rank],
            first.basis,
            first.axis,
            also=[*others, *also],
            within=within,
            samples=samples,
            metric=metric,
            fit=fit,
            fit_samples=fit_samples,
            seed=seed,
        )
        return finish(work)[0]
