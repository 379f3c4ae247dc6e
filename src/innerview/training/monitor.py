"""The training monitor: records what the layers of a model do while it is trained, and costs little."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from torch import nn

from innerview.arguments import strict, whole
from innerview.errors import InnerviewError
from innerview.training.actions import Actions
from innerview.training.budget import Budget, Share
from innerview.training.diagnosis import Finding, diagnose
from innerview.training.gathering import gather
from innerview.training.given import number_of_classes, the_optimizers
from innerview.training.guard import Guard, Listeners
from innerview.training.history import History
from innerview.training.learning_rates import Scale, ScaleRates
from innerview.training.metrics import Metrics, learning_rates, numbers
from innerview.training.probes import Probes
from innerview.training.record import Event
from innerview.training.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

    from torch import Tensor
    from torch.optim import Optimizer
    from typing_extensions import Self

    from innerview.training.actions import Action
    from innerview.training.record import Record

# Of the budget, for judging during the training, and for showing.
_JUDGING, _SHOWING = 0.25, 0.5


class Monitor:
    """Records a training run, by two lines in its loop.

    ::

        with iv.Monitor(model, optimizer=optimizer) as monitor:
            for inputs, labels in loader:
                ...
                optimizer.step()
                monitor.step(loss=loss)

    The training is the same, bit for bit, with and without it. What it does to the model lasts as long as the ``with``.
    It may be entered again later: the history goes on.

    Args:
        model: any module, also inside ``DistributedDataParallel``.
        optimizer: the one that trains it, or several, such as ``[adam, muon]``: gives learning rates, and the exact
            moments before and after each update.
        layers: names of the layers to record; all when None.
        budget: the most that recording and showing may cost, as a fraction of the training time. Each step records as
            many layers as it bears, in turn, so that the records lie evenly over the run. None records all in each.
        probes: some fixed samples, such as ``images[:3]``, that are run at the end of each epoch.
        probe_every: number of steps after which they are run as well.
        classes: number of classes, or their names, which tells what a loss at the level of chance is.
        scaler: of the loss, with mixed precision: gradients of activations are divided by its scale.
        memory: the most that the history may take, in bytes.

    Attributes:
        model: as given.
        classes: their number, or None.
        history: what was recorded so far. Another thread reads ``history.copy()``.

    Raises:
        TypeError: an argument that does not exist; the nearest is offered.
        InnerviewError: an argument that makes no sense, or an optimizer that trains no parameter of this model.
        UnknownLayerError: a layer that the model does not have.
        DataError: the probes cannot be used.
    """

    @strict
    def __init__(
        self,
        model: nn.Module,
        *,
        optimizer: Optimizer | Iterable[Optimizer] | None = None,
        layers: Iterable[str] | None = None,
        budget: float | None = 0.02,
        probes: Any = None,
        probe_every: int | None = None,
        classes: int | Sequence[str] | None = None,
        scaler: Any = None,
        memory: int = 100_000_000,
    ) -> None:
        if not isinstance(model, nn.Module):
            raise InnerviewError(f"model={model!r:.80}: a torch.nn.Module is monitored, not a {type(model).__name__}")
        whole("probe_every", probe_every, 1, "steps", optional=True)
        if probe_every is not None and probes is None:
            raise InnerviewError(f"probe_every={probe_every}: there are none to run: give them, probes=images[:3]")
        optimizers = the_optimizers(optimizer, model)
        self.model = model
        self.classes = number_of_classes(classes)
        self.history = History(memory)
        self._budget = Budget(budget)
        self._guard = Guard(self._budget, self._tell)
        self._watcher = Watcher(
            model,
            optimizers=optimizers,
            layers=layers,
            scaler=scaler,
            budget=self._budget,
            guard=self._guard,
            tell=self._tell,
        )
        self._metrics = Metrics(self.history)
        self._probes = None if probes is None else Probes(self._watcher.named, probes)
        self._probe_every = probe_every
        self._scale = Scale(optimizers, self._guard)
        self._actions = Actions(self, self._judge, self._tell, self._guard, Share(self._budget, _JUDGING))
        self._listeners = Listeners(self._guard, Share(self._budget, _SHOWING))
        self._step_listeners = Listeners(self._guard, None)
        self._entered = False
        self._warned = False
        self._epochs = 0

    def __enter__(self) -> Self:
        if self._entered:
            raise InnerviewError("this monitor is recording already: it can be entered again when it was closed")
        self._watcher.enter()
        self._scale.enter()
        self._budget.start()
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            text = f"the training ended by {type(error).__name__}: {error}" if str(error) else type(error).__name__
            self._tell("error", text[:500])
        self.close()

    def close(self) -> None:
        """Take everything off the model and the optimizer again; the history stays. May be called twice."""
        if not self._entered:
            return
        self._entered = False
        self._watcher.leave()
        self._scale.leave()
        # A step that did not reach its end, say because of an error, may hold what explains it.
        step = self.history.step
        with self._guard():
            self._add(self._watcher.end_step(step, finished=False), self._watcher.end_evaluation(step))
        with self._guard():
            self._metrics.flush()
        self._budget.stop()
        self.history.overhead = self._budget.overhead
        self._listeners.call()

    @property
    def optimizer(self) -> Optimizer | tuple[Optimizer, ...] | None:
        """The one that trains the model; a tuple of several. May be given later, before the monitor is entered."""
        optimizers = self._watcher.optimizers
        return optimizers if len(optimizers) > 1 else next(iter(optimizers), None)

    @optimizer.setter
    def optimizer(self, optimizer: Optimizer | Iterable[Optimizer] | None) -> None:
        if self._entered:
            raise InnerviewError("this monitor is recording: its optimizer can be set before or after that")
        self._watcher.optimizers = self._scale.optimizers = the_optimizers(optimizer, self.model)

    @property
    def overhead(self) -> float | None:
        """The cost of recording and showing so far, as a fraction of the training time; None before any."""
        return self._budget.overhead

    @property
    def setup(self) -> float:
        """What setting up took besides, once, in seconds: first hooks, memory, code that is loaded when first used."""
        return self._budget.setup

    @property
    def budget(self) -> float | None:
        """The most that they may cost. May be changed at any time, from any thread."""
        return self._budget.fraction

    @budget.setter
    def budget(self, fraction: float | None) -> None:
        self._budget.fraction = fraction

    @property
    def layers(self) -> tuple[str, ...] | None:
        """Names of the layers to record; None for all. May be changed at any time, from any thread."""
        return self._watcher.layers

    @layers.setter
    def layers(self, layers: Iterable[str] | None) -> None:
        self._watcher.layers = layers

    @property
    def paused(self) -> bool:
        """True while recording rests. Steps and metrics are counted all the same."""
        return self._watcher.paused

    @property
    def recording(self) -> bool:
        """True while a run is under way: from ``with`` to its end."""
        return self._entered

    @property
    def error(self) -> str:
        """The last error that recording met, in words; "" for none. Such an error never reaches the training."""
        return self._guard.error

    def pause(self) -> None:
        """Record no layers from the next step on. May be called from any thread."""
        if not self.paused:
            self._watcher.paused = True
            self._tell("pause", "recording rests")

    def resume(self) -> None:
        """Record again."""
        if self.paused:
            self._watcher.paused = False
            self._tell("resume", "recording goes on")

    def step(self, loss: float | Tensor | None = None, **metrics: float | Tensor) -> None:
        """End a training step: to be called after ``optimizer.step()``, once for each.

        Args:
            loss: of this step. A tensor on a GPU is not waited for.
            metrics: anything else to be kept by name, such as ``accuracy=0.9``.

        Raises:
            InnerviewError: outside of the ``with``, or for a metric that is not a number.
        """
        if not self._entered:
            raise InnerviewError("this monitor is not recording: call step() inside `with monitor:`")
        with self._budget.spending():
            given = numbers(metrics if loss is None else {"loss": loss, **metrics})
            step, record, rates = self.history.step, None, {}
            with self._guard():
                if not (self._watcher.forwards or self._watcher.blind or self._warned):
                    self._warn_of_no_forward()
            with self._guard():
                rates = numbers(learning_rates(self._watcher.optimizers, self._scale.factor))
            with self._guard():
                self._metrics.add(step, {**given, **rates, **given})  # after what was given, which wins
            with self._guard():
                record = self._watcher.end_step(step)
                self._add(record, self._watcher.end_evaluation(step))
                if record is not None:
                    self._metrics.flush()
            self.history.step = step + 1
            self.history.overhead = self._budget.overhead
            if self._probe_every and (step + 1) % self._probe_every == 0:
                self._run_probes()
        if record is not None:
            self._actions.recorded(step)
            self._listeners.offer()
        self._step_listeners.offer()

    def epoch(self) -> None:
        """End an epoch: marks it in the history, and runs the probe samples."""
        with self._guard():
            self._epochs += 1
            self._add(self._watcher.end_evaluation(self.history.step))
            self._tell("epoch", f"epoch {self._epochs} ended")
        self._run_probes()
        self._listeners.offer()

    def diagnose(self) -> list[Finding]:
        """Judge the run so far.

        Returns:
            What is wrong, the worst first: evidence, what to try, where the rule comes from. Empty when nothing is, or
            when there are too few records to see it: some rules want eleven of each layer.
        """
        return diagnose(self.history.copy(), classes=self.classes)

    @strict
    def on(self, kind: str, action: Action, *, hold: int = 0, every: int = 100, limit: int | None = 3) -> None:
        """Have something done when a finding holds; nothing is done unless asked for.

        ::

            monitor.on("vanishing", monitor.scale_lr(0.5))
            monitor.on("nonfinite", lambda monitor, finding: print(finding))

        The run is judged after recorded steps, as often as the budget allows. What is done is told by an event in the
        history, also an error in it, which never reaches the training.

        Args:
            kind: of the finding, one of ``innerview.training.diagnosis.KINDS``.
            action: called with this monitor and the finding, on the training thread. A function that it returns is what
                ``undo`` calls.
            hold: for how many steps the finding must have held. (Each rule wants to see five records in a row anyway.)
            every: how many steps lie between two calls at least.
            limit: how often it is called at most; None: no limit.

        Raises:
            InnerviewError: no such kind of finding, or an argument that makes no sense.
        """
        self._actions.on(kind, action, hold=hold, every=every, limit=limit)

    @strict
    def scale_lr(self, factor: float) -> ScaleRates:
        """Make an action for ``on`` that multiplies every learning rate; several multiply each other.

        The factor is applied only while the optimizer makes its step: ``optimizer.param_groups`` and any scheduler go
        on with their own numbers, and the history has the rates as applied. So ``undo`` leaves exactly the rates of a
        run without it, also when a scheduler has run in between. It is in force inside of the ``with`` only.

        Raises:
            InnerviewError: the factor is not a positive number. Without an optimizer an event says so, when called.
        """
        return ScaleRates(self._scale, factor)

    @property
    def undoable(self) -> str:
        """The action that ``undo`` would take back, in words; "" for none."""
        return self._actions.undoable

    def undo(self) -> bool:
        """Take back the last action that can be taken back; may be called again for the one before. From any thread.

        Returns:
            Whether there was one.
        """
        return self._actions.undo()

    @strict
    def listen(self, callback: Callable[[], object], *, every_step: bool = False) -> None:
        """Have a function called on the training thread after recorded steps and when the monitor is closed.

        It is called at most ten times a second, and less often where the budget asks for it. An exception in it is
        logged, and never reaches the training.

        Args:
            callback: must be quick.
            every_step: call it instead after steps of any kind, recorded or not, whatever the budget says (what it
                takes is counted all the same): for something that a person waits for.
        """
        if not callable(callback):
            raise InnerviewError(f"callback={callback!r:.80} cannot be called: give a function without arguments")
        (self._step_listeners if every_step else self._listeners).add(callback)

    def unlisten(self, callback: Callable[[], object]) -> None:
        """Stop calling a function."""
        self._listeners.remove(callback)
        self._step_listeners.remove(callback)

    def charge(self, seconds: float) -> None:
        """Count what showing took on another thread, in seconds of a processor: recording rests for it.

        May be called from any thread; the next step, or the end of the run, adds it.
        """
        self._budget.charge(seconds)

    def gather(self) -> History:
        """The history of all ranks of a distributed job together: to be called on each of them, at the same place.

        Each rank decides by its own clock which steps it records; those that several recorded are merged.
        """
        return gather(self.history)

    def _add(self, *records: Record | None) -> None:
        for record in records:
            if record is not None:
                self.history.add(record)

    def _run_probes(self) -> None:
        if self._probes is not None:
            with self._guard(failed="the probe samples were not run"):
                self._add(*self._probes.run(self.history.step))

    def _judge(self) -> list[Finding]:
        # Not of a copy: this is the thread that adds.
        return diagnose(self.history, classes=self.classes)

    def _tell(self, kind: str, text: str, layer: str = "") -> None:
        self.history.add_event(Event(self.history.step, kind, text, layer))

    def _warn_of_no_forward(self) -> None:
        self._warned = True
        name = type(self.model).__name__
        text = (
            f"step() without a forward of the monitored {name} in training mode since the last step: none of its "
            "layers can be recorded. Is another model trained, or only a part of this one called?"
        )
        self._tell("note", text)
        warnings.warn(text, stacklevel=3)
