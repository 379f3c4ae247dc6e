"""The object that a person holds: one model, one data set, one selection that every view looks at."""

from __future__ import annotations

import weakref
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from torch import nn
from traitlets import Bool, Int

from innerview.arguments import strict
from innerview.data.own_input import OwnInput, own_input
from innerview.data.samples import Data
from innerview.errors import InnerviewError
from innerview.jobs.progress import finish
from innerview.jobs.worker import Jobs
from innerview.model.signature import takes
from innerview.model.untrained import untrained
from innerview.session.cell import Cells
from innerview.session.checkpoints import Checkpoint, Checkpoints
from innerview.session.questions import Questions, as_it_is, asking
from innerview.session.selection import Selection
from innerview.study.embeddings import embedding, embedding_steps
from innerview.study.gate import Gate
from innerview.study.live import Live
from innerview.study.predicting import predicting
from innerview.study.qualities import measuring_table, table
from innerview.study.sample_table import sample_table

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from torch import Tensor
    from typing_extensions import Self

    from innerview.data.samples import Batch
    from innerview.jobs.worker import Job
    from innerview.study.predictions import Predictions
    from innerview.study.representations import Pool
    from innerview.study.subject import Look, Subject


def _steps(inspector: Inspector) -> dict[str, Subject]:
    return inspector.checkpoints.subjects()


class Inspector(Questions, Selection):
    """Wraps a model and its data; holds the selection that all views share.

    Args:
        model: any ``torch.nn.Module``. It is used where it is: nothing of it is changed. It is run in evaluation mode;
            a BatchNorm that keeps no running averages is given those over 64 samples of ``data``, drawn at random.
        data: a DataLoader, a Dataset, a tensor of inputs, a pair ``(inputs, labels)``, or a dict of tensors.
        classes: a name for each label, in order, or a dict from number to name or from name to number.
        labels: the labels, one a sample, as numbers or names; or the part of a batch that holds them, by its position
            or name. None: they are found by name, position and meaning; in doubt the header says which they are.
        mean, std: the normalisation of the inputs per channel, undone for display; found in the data's transform
            when it has one.
        unpack: turns a collated batch into ``(args, kwargs, labels)`` for data of an unusual form.
        baseline: a model to compare with, of the same layers, such as this one before training; "untrained" makes
            one by drawing all parameters anew.
        training: samples like those of ``data``, in any of its forms, that projections are fitted to; None: a part of
            ``data``, and only the rest of it is evaluated then.
        memory: bytes that activations over many samples may take; beyond them they go to a file that is removed.

    Attributes:
        baseline: an Inspector of the baseline on the same data, sharing ``sample`` and ``brush``; None without one.
        layer, sample, channel, brush: the selection; see ``Selection``.
        version: grows when the model was found changed (observable). It is looked at after each cell, and whenever
            something is asked that depends on its weights.
        judged: how many samples were predicted when predicting last came to an end (observable).
        checkpoints: copies of the model made by ``checkpoint``, by label: each can be asked for embeddings, quality
            and similarity as the model itself.
        kept: grows when a checkpoint was made or forgotten (observable).
        running: whether a notebook cell is running (observable).
        resting: whether nobody looks; the model is then looked at only when something is asked, not after each cell.

    Raises:
        DataError: data that cannot be used as given.
        ForwardError: the model rejects the data; the message describes the input.
        UnknownLayerError: on setting ``layer`` to a name that the model does not have.
        TypeError: the model is not a Module, or a keyword is misspelt.
    """

    version = Int(0)
    judged = Int(0)
    kept = Int(0)
    running = Bool(default_value=False)

    @strict
    def __init__(
        self,
        model: nn.Module,
        data: Any,
        *,
        classes: Sequence[str] | Mapping[Any, Any] | None = None,
        labels: Any = None,
        mean: float | Sequence[float] | None = None,
        std: float | Sequence[float] | None = None,
        unpack: Callable[[Any], tuple[tuple[Any, ...], dict[str, Any], Tensor | None]] | None = None,
        baseline: nn.Module | Literal["untrained"] | None = None,
        training: Any = None,
        memory: int = 1 << 29,
    ) -> None:
        if not isinstance(model, nn.Module):
            raise TypeError(f"a model is a torch.nn.Module; got {type(model).__name__}: {model!r:.80}")
        gate = Gate()
        samples = Data(
            data,
            classes=classes,
            labels=labels,
            mean=mean,
            std=std,
            unpack=unpack,
            takes=takes(model),
            guard=gate.reading,
        )
        fitted_to = None if training is None else samples.alike(training)
        other = _baseline(model, baseline)
        self._begin(model, samples, gate, fitted_to, memory)
        if other is not None:
            self.baseline = Inspector.__new__(Inspector)
            self.baseline._begin(other, samples, gate, fitted_to, memory)  # noqa: SLF001 - its own class
            self._share(self.baseline)
        # Last, so that refused data leaves no listener for cells behind.
        self._cells = Cells(self.cell_begins, self.cell_ended)

    def _begin(self, model: nn.Module, data: Data, gate: Gate, training: Data | None, memory: int) -> None:
        """Set up everything but the cells, which one of two Inspectors of the same data hears for both."""
        self.jobs = Jobs()
        self._gate = gate
        self._own: OwnInput | None = None
        self.baseline: Inspector | None = None
        me = weakref.ref(self)

        def tell(name: str, value: int | None = None) -> None:
            inspector = me()
            if inspector is not None:
                inspector.set_trait(name, getattr(inspector, name) + 1 if value is None else value)

        def changed() -> None:
            tell("judged", 0)
            tell("version")

        judged = partial(tell, "judged")
        self._live = Live(model, data, gate, training=training, memory=memory, changed=changed, judged=judged)
        self._cells: Cells | None = None
        self.resting = False
        super().__init__()
        self.checkpoints = Checkpoints(self._live, lambda: tell("kept"))
        weakref.finalize(self, self.jobs.close)

    @property
    def subject(self) -> Subject:
        """The model on its data at this moment: what studies take. While another thread trains, a copy of one step."""
        return self._live.now()

    @property
    def _latest(self) -> Subject:
        return self._live.latest()

    @property
    def model(self) -> nn.Module:
        """The wrapped model; an InnerviewError after ``close()``."""
        return self._live.model

    @property
    def data(self) -> Data:
        """The data, as samples by index; an InnerviewError after ``close()``."""
        return self._live.data

    @property
    def busy(self) -> bool:
        """True while a cell runs on another thread than the caller's: views then look at a copy of the model."""
        return self._gate.elsewhere

    @strict
    def look(self, layer: str, sample: int | None, subject: Subject | None = None) -> Look:
        """A layer's output for one sample; None: for the image given to ``show``. See ``Subject.look``."""
        return (self.subject if subject is None else subject).look(layer, sample, self._own)

    def batch(self, sample: int | None) -> Batch:
        """One sample as a batch of one; None for the user's own image."""
        return self._latest.batch(sample, self._own)

    @strict
    def predict(self, job: Job | None = None) -> Generator[Predictions, None, None]:
        """Predict every sample that was not predicted yet, in steps short enough to let a click through.

        Yields:
            ``self.predictions`` after each step.
        """
        yield from predicting(self.subject, job)

    @property
    def own_image(self) -> tuple[str, str]:
        """Name of the user's own image, and how it became an input; both empty when there is none."""
        return ("", "") if self._own is None else (self._own.name, self._own.how)

    @strict
    def show(self, image: Any, name: str = "") -> None:
        """Show the model an image that is not in the data.

        Args:
            image: a path, the bytes of a file, a PIL image, an array ``[H, W]`` or ``[H, W, 3]``, or a tensor of the
                same shape as the model's inputs.
            name: shown beside it.

        Raises:
            ImageError: it is not an image, or the model's inputs are not images.
        """
        self._own = own_input(self.data, image, name)
        if self.sample is None:
            self.version += 1
        else:
            self.sample = None

    @strict
    def checkpoint(self, label: str = "", weights: Mapping[str, Tensor] | None = None) -> Checkpoint:
        """Keep a copy of the model as it is now, such as after each epoch: a step of the embedding's time line.

        Quick: it only copies the weights. See ``innerview.session.checkpoints.Checkpoints.add`` for the arguments.
        """
        return self.checkpoints.add(label, weights)

    embed_checkpoints = asking("embed_checkpoints", _steps, embedding_steps, as_it_is, like=embedding)

    @strict
    def quality_table(
        self,
        layers: Sequence[str] | None = None,
        methods: Sequence[str | None] = (None, "pca"),
        k: int = 10,
        *,
        samples: int | Sequence[int] | None = None,
        pool: Pool = "all",
        correct_only: bool = False,
        seed: int = 0,
    ) -> Any:
        """The quality of several layers, here and in the baseline, as a pandas DataFrame.

        When ``layers`` is None, all without layers inside are measured; a method of None stands for the layer's own
        space. ``k`` neighbours vote; ``samples`` is ``sample_size`` when None. The others are those of ``embed``.

        Returns:
            A row for each layer, model and space. A layer that cannot be measured has a row without numbers.
        """
        work = measuring_table(
            self.subject,
            layers,
            methods,
            k,
            baseline=None if self.baseline is None else self.baseline.subject,
            samples=self.sample_size if samples is None else samples,
            pool=pool,
            correct_only=correct_only,
            seed=seed,
        )
        return table(finish(work))

    def brush_frame(self) -> Any:
        """The brushed samples as a pandas DataFrame: label, prediction, whether it is right, and the loss.

        Samples that were not predicted yet are predicted first. A column is left out where there are no labels or no
        class scores.

        Returns:
            One row a sample, indexed by its number. A sample without a label has None as its label, NA as whether it
            is right, and NaN as its loss.
        """
        return sample_table(self.subject, self.brush)

    def check_layer(self, name: str) -> None:
        """Raise UnknownLayerError or UnseenLayerError for a layer that cannot be chosen."""
        self._latest.seen(name)

    def cell_begins(self, here: bool) -> None:  # noqa: FBT001 - the one argument of a callback
        """Views look at copies of the model from now on; work that is under way goes on with one."""
        with self._gate.held():
            if here and any(inspector.jobs.active() for inspector in self._both):
                for inspector in self._both:
                    with suppress(InnerviewError):  # it cannot be copied; the work says so itself
                        inspector._live.keep()  # noqa: SLF001 - its own class
            self._gate.begins(here=here)
        self.running = here

    def cell_ended(self) -> None:
        """Follow what the cell may have done to the model."""
        self._gate.ended()
        self.running = False
        if not self.resting:
            self.refresh()

    def refresh(self) -> None:
        """Look again if the model was changed since the last look; called after each cell of a notebook."""
        for inspector in self._both:
            with suppress(InnerviewError):  # closed
                inspector._live.now(at_rest=not self._gate.elsewhere)  # noqa: SLF001 - its own class

    def close(self) -> None:
        """Stop all work and let go of the model, the data and everything computed from them."""
        if self._cells is not None:
            self._cells.close()
        self.jobs.close()
        self.checkpoints.close()
        if self.baseline is not None:
            self.baseline.close()
            self.baseline = None
        self.unobserve_all()
        self._live.close()
        self._own = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _both(self) -> list[Inspector]:
        return [self] if self.baseline is None else [self, self.baseline]

    def _share(self, other: Inspector) -> None:
        """Keep sample and brush the same in both."""
        # traitlets' own link compares values by !=, which arrays refuse.
        for one, two in ((self, other), (other, self)):
            one.observe(lambda change, two=two: setattr(two, change["name"], change["new"]), ["sample", "brush"])


def _baseline(model: nn.Module, baseline: Any) -> nn.Module | None:
    if baseline is None or isinstance(baseline, nn.Module):
        return baseline
    if baseline == "untrained":
        return untrained(model)
    raise TypeError(
        f'baseline is a torch.nn.Module, "untrained" or None; got {type(baseline).__name__}: {baseline!r:.80}'
    )
