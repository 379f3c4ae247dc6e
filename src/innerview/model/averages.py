"""BatchNorm without running averages: those over some samples stand in, so that no value depends on its batch."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import torch
from torch.nn import functional
from torch.nn.modules.batchnorm import SyncBatchNorm, _BatchNorm

from innerview.model.calls import Calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeGuard

    from torch import Tensor, nn

SAMPLES = 64  # that the averages are taken over


class Averages:
    """Mean and variance by channel that each such module of a model sees in one forward, for those that follow.

    A module that is called several times in a forward has them for each call.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._norms = [module for module in model.modules() if lacks_averages(module)]
        self._found: dict[_BatchNorm, list[tuple[Tensor, Tensor]]] = {}
        self._calls: dict[_BatchNorm, int] = {}  # in the forward under way

    @property
    def missing(self) -> bool:
        """True while there are modules that need them, and they were not measured yet."""
        return bool(self._norms) and not self._found

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Take those of the forward made inside the ``with``."""

        def measuring(module: _BatchNorm) -> Callable[[Tensor], Tensor]:
            own = module.forward

            def forward(x: Tensor) -> Tensor:
                values = x.detach().to(_precise(x))
                axes = [axis for axis in range(x.ndim) if axis != 1]
                variance, mean = torch.var_mean(values, axes, correction=0)
                self._found.setdefault(module, []).append((mean, variance))
                return own(x)

            return forward

        with self._replaced({module: measuring(module) for module in self._norms}):
            yield

    @contextmanager
    def standing_in(self) -> Iterator[None]:
        """Have the modules use them for the length of a ``with``."""

        def using(module: _BatchNorm, found: list[tuple[Tensor, Tensor]]) -> Callable[[Tensor], Tensor]:
            def forward(x: Tensor) -> Tensor:
                call = self._calls.get(module, 0)
                self._calls[module] = call + 1
                to = _precise(x)
                mean, variance = (each.to(to) for each in found[min(call, len(found) - 1)])
                weight, bias = (None if each is None else each.to(to) for each in (module.weight, module.bias))
                return functional.batch_norm(x.to(to), mean, variance, weight, bias, eps=module.eps).to(x.dtype)

            return forward

        with ExitStack() as undo:
            if self._found:
                undo.enter_context(Calls({"": self._model}, lambda *_: None, lambda *_: self._calls.clear()))
                undo.enter_context(self._replaced({m: using(m, found) for m, found in self._found.items()}))
            yield

    @contextmanager
    def _replaced(self, forwards: dict[_BatchNorm, Callable[[Tensor], Tensor]]) -> Iterator[None]:
        try:
            for module, forward in forwards.items():
                vars(module)["forward"] = forward
            yield
        finally:
            for module in forwards:
                vars(module).pop("forward", None)


def lacks_averages(module: nn.Module) -> TypeGuard[_BatchNorm]:
    """Tell a BatchNorm that takes mean and variance from each batch, in evaluation mode too."""
    if not isinstance(module, _BatchNorm) or module.running_mean is not None:
        return False
    return type(module).forward in (_BatchNorm.forward, SyncBatchNorm.forward) and (
        "forward" not in vars(module) or stands_in(vars(module)["forward"])
    )


def stands_in(forward: object) -> bool:
    """Tell a forward of ours, which belongs to whoever put it there, and to no copy of the module."""
    return getattr(forward, "__module__", None) == __name__


def _precise(x: Tensor) -> torch.dtype:
    return torch.promote_types(x.dtype, torch.float32)
