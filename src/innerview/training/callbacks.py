"""One line for Lightning, for the Hugging Face Trainer and for fastai, which have loops of their own.

::

    Trainer(callbacks=[iv.training.callbacks.lightning(monitor)])            # lightning or pytorch_lightning
    Trainer(model, args, callbacks=[iv.training.callbacks.huggingface(monitor)], ...)
    Learner(dls, model, cbs=iv.training.callbacks.fastai(monitor), ...)

A step is a step of the optimizer: with gradient accumulation, several batches make one, and its loss is their mean. The
libraries are needed only where their function is called. A run that fails takes the monitor off the model, too.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack, nullcontext
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from innerview.training.monitor import Monitor


class _Loop:
    """Enters and closes the monitor, and collects the losses since the last step, for all three."""

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self._losses: list[Tensor] = []
        self._open = ExitStack()

    def start(self, optimizer: Any = None) -> None:
        """Training begins; a run before it may have ended in an error."""
        self.end()
        if self.monitor.optimizer is None and optimizer is not None:
            self.monitor.optimizer = optimizer
        self._open.enter_context(self.monitor)

    def batch(self, loss: Any) -> None:
        """The loss of one batch, a tensor or None."""
        if isinstance(loss, Tensor):
            self._losses.append(loss.detach())

    def step(self, *, total: bool = False, **metrics: Any) -> None:
        """The optimizer made a step for all batches since the last."""
        losses, self._losses = self._losses, []
        if losses:
            together = torch.stack(losses)
            metrics["loss"] = together.sum() if total else together.mean()
        self.monitor.step(**metrics)

    def at_end(self, call: Callable[[], object]) -> None:
        self._open.callback(call)

    def end(self) -> None:
        self._losses = []
        self._open.close()

    def end_when_fails(self, owner: Any, name: str) -> None:
        """Have training end with an error that leaves a method, where callbacks are not told of errors."""
        method = getattr(owner, name)

        @wraps(method)
        def call(*args: Any, **options: Any) -> Any:
            try:
                return method(*args, **options)
            except BaseException as error:
                self._open.__exit__(type(error), error, error.__traceback__)
                raise

        setattr(owner, name, call)


def _training(model: nn.Module, optimizers: list[Any]) -> list[Any]:
    """Choose the optimizers that train a parameter of the model."""
    own = {id(parameter) for parameter in model.parameters()}
    return [one for one in optimizers if any(id(p) in own for group in one.param_groups for p in group["params"])]


class _Hook:
    """A hook that does nothing in a copy of its module, nor in a file that the module is saved to."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Do it."""
        return self._call(*given, **named)

    def __reduce__(self) -> tuple[Any, ...]:
        # Takes anything and returns None; a file that names it can be read without innerview.
        return getattr, (nullcontext(), "__exit__")


def lightning(monitor: Monitor) -> Any:
    """A callback for Lightning's ``Trainer``.

    The monitor may be made without an optimizer: it takes those of the trainer that train its model. What it watches is
    the module whose forward ``training_step`` calls: the LightningModule itself for ``self(x)``, ``module.net`` for
    ``self.net(x)``.
    """
    names = ("lightning.pytorch", "pytorch_lightning")
    library: Any = import_module(next((name for name in names if name in sys.modules), names[-1]))
    loop = _Loop(monitor)

    class Watch(library.Callback):
        seen = 0

        def on_train_start(self, trainer: Any, _module: Any) -> None:
            self.seen = trainer.global_step
            loop.start(_training(monitor.model, trainer.optimizers) or trainer.optimizers or None)

        def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, *_: Any) -> None:
            loop.batch(outputs["loss"] if isinstance(outputs, dict) else outputs)
            if trainer.global_step != self.seen:
                self.seen = trainer.global_step
                # Where Lightning steps by itself, it has divided the losses by their number.
                loop.step(total=module.automatic_optimization)

        def on_train_epoch_end(self, _trainer: Any, _module: Any) -> None:
            loop.monitor.epoch()

        def on_train_end(self, _trainer: Any, _module: Any) -> None:
            loop.end()

        def on_exception(self, _trainer: Any, _module: Any, _error: BaseException) -> None:
            loop.end()

    return Watch()


def huggingface(monitor: Monitor) -> Any:
    """A callback for the ``Trainer`` of Hugging Face transformers.

    The monitor is made without an optimizer: it takes the trainer's. The trainer tells its callbacks no losses; they
    are read off what the model returns. Give the callback to the trainer when that is made: only there does it learn of
    a training that fails.
    """
    library: Any = import_module("transformers")
    loop = _Loop(monitor)

    class Watch(library.TrainerCallback):
        total = False

        def returned(self, module: Any, _args: Any, kwargs: dict[str, Any], output: Any) -> None:
            # Where the model is told how many items all batches of a step have, their losses add up.
            self.total = kwargs.get("num_items_in_batch") is not None
            if module.training:
                loop.batch(output.get("loss") if isinstance(output, dict) else getattr(output, "loss", None))

        def on_train_begin(self, *_: Any, optimizer: Any = None, **__: Any) -> None:
            loop.start(getattr(optimizer, "optimizer", optimizer))  # accelerate wraps it
            handle = loop.monitor.model.register_forward_hook(_Hook(self.returned), with_kwargs=True)
            loop.at_end(handle.remove)

        def on_step_end(self, *_: Any, **__: Any) -> None:
            loop.step(total=self.total)

        def on_epoch_end(self, *_: Any, **__: Any) -> None:
            loop.monitor.epoch()

        def on_train_end(self, *_: Any, **__: Any) -> None:
            loop.end()

        def on_init_end(self, *_: Any, **__: Any) -> None:
            # The trainer is not told to its callbacks: it is the one that calls this.
            frame: Any = sys._getframe()  # noqa: SLF001 - has no public name
            while frame is not None:
                trainer = frame.f_locals.get("self")
                if isinstance(trainer, library.Trainer):
                    loop.end_when_fails(trainer, "train")
                    break
                frame = frame.f_back

    return Watch()


def fastai(monitor: Monitor) -> Any:
    """A callback for fastai's ``Learner``.

    fastai's optimizers are not PyTorch's: the monitor is made without one, gets the learning rate as a metric, and
    cannot scale it.
    """
    library: Any = import_module("fastai.callback.core")
    loop = _Loop(monitor)

    class Watch(library.Callback):
        run_valid = False
        skipped = False

        def after_create(self) -> None:
            loop.end_when_fails(self.learn, "fit")

        def before_fit(self) -> None:
            loop.start()

        def after_loss(self) -> None:
            loop.batch(self.learn.loss)

        def after_cancel_step(self) -> None:
            self.skipped = True

        def after_step(self) -> None:
            if not self.skipped:
                loop.step(lr=self.learn.opt.hypers[-1]["lr"])
            self.skipped = False

        def after_epoch(self) -> None:
            loop.monitor.epoch()

        def after_fit(self) -> None:
            loop.end()

    return Watch()
