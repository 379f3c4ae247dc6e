"""The training monitor: records what the layers of a model do while it is trained."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from torch import Tensor

from innerview.model.calls import locate, modules_of
from innerview.training.history import History
from innerview.training.record import Event, Record
from innerview.training.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from torch import nn
    from torch.optim import Optimizer
    from torch.utils.hooks import RemovableHandle
    from typing_extensions import Self

_log = logging.getLogger(__name__)
_PUSHES_A_SECOND = 10


class Monitor:
    """Records a training run, by two lines in its loop.

    ::

        with iv.Monitor(model, optimizer=optimizer) as monitor:
            for inputs, labels in loader:
                ...
                optimizer.step()
                monitor.step(loss=loss)

    Args:
        model: any module.
        optimizer: the one that trains it; gives learning rates and updates of weights.
        layers: names of the layers to record; all when None.
        budget: the most that recording may cost, as a fraction of the training time.
        memory: the most that the history may take, in bytes.

    Attributes:
        model: as given.
        optimizer: as given.
        history: what was recorded so far.
        budget: may be changed at any time, from any thread.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        optimizer: Optimizer | None = None,
        layers: Iterable[str] | None = None,
        budget: float = 0.02,
        memory: int = 100_000_000,
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.budget = budget
        self.history = History(memory)
        self.paused = False
        modules = modules_of(model)
        if layers is not None:
            modules = {path: modules[path] for path in [locate(name, modules)[0] for name in layers]}
        self._recorder = Recorder(modules)
        self._handles: list[RemovableHandle] = []
        self._listeners: list[Callable[[], object]] = []
        self._pushed = 0.0

    def __enter__(self) -> Self:
        self._handles = [
            self.model.register_forward_pre_hook(self._before),
            self.model.register_forward_hook(self._after, always_call=True),
        ]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take the hooks off the model; the history stays."""
        self._recorder.stop()
        for handle in self._handles:
            handle.remove()
        if self._handles:
            self._handles = []
            self._push()

    @property
    def overhead(self) -> float | None:
        """What recording cost so far, as a fraction of the training time."""
        return self.history.overhead

    def step(self, loss: float | Tensor | None = None, **metrics: float | Tensor) -> None:
        """End a training step: call it after ``optimizer.step()``."""
        step = self.history.step
        values = {} if loss is None else {"loss": loss}
        numbers = {name: _number(value) for name, value in {**values, **metrics}.items()}
        if self.optimizer is not None:
            for number, group in enumerate(self.optimizer.param_groups):
                numbers["lr" if number == 0 else f"lr/{number}"] = float(group["lr"])
        self.history.add_metrics(step, numbers)
        self.history.add(Record(step, self._recorder.take(), self._recorder.kinds))
        self.history.step = step + 1
        if time.perf_counter() - self._pushed > 1 / _PUSHES_A_SECOND:
            self._push()

    def epoch(self) -> None:
        """End an epoch."""
        self.history.add_event(Event(self.history.step, "epoch", "an epoch ended"))

    def pause(self) -> None:
        """Record no more until ``resume``."""
        self.paused = True

    def resume(self) -> None:
        """Record again."""
        self.paused = False

    def listen(self, callback: Callable[[], object]) -> None:
        """Have a function called after recorded steps, on the training thread, at most ten times a second."""
        self._listeners.append(callback)

    def unlisten(self, callback: Callable[[], object]) -> None:
        """Call it no more."""
        self._listeners.remove(callback)

    def _before(self, _module: nn.Module, _args: Any) -> None:
        if not self.paused:
            self._recorder.start()

    def _after(self, _module: nn.Module, _args: Any, _output: Any) -> None:
        self._recorder.stop()

    def _push(self) -> None:
        self._pushed = time.perf_counter()
        for callback in list(self._listeners):
            try:
                callback()
            except Exception:  # noqa: BLE001, PERF203 - whatever a view does, the training goes on
                _log.exception("a listener of the monitor failed")


def _number(value: Any) -> float:
    return float(value.detach() if isinstance(value, Tensor) else value)
