"""A factor on the learning rates that can be taken away again, whatever a scheduler does in between."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

from torch import Tensor

from innerview.errors import InnerviewError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch.optim import Optimizer
    from torch.utils.hooks import RemovableHandle

    from innerview.training.guard import Guard


class Scale:
    """A factor on every learning rate of some optimizers, there only while the optimizer makes its step.

    Before the step each rate is multiplied, after it each is what it was. So a scheduler, which computes the next rate
    from the present one or from the first one, computes what it would have without; and when the factor is taken away,
    the rates are exactly those of a run in which it never was.
    """

    def __init__(self, optimizers: tuple[Optimizer, ...], guard: Guard) -> None:
        self.optimizers = optimizers
        self._guard = guard
        self._factors: list[float] = []
        self._kept: list[tuple[dict[str, Any], Any]] = []
        self._handles: list[RemovableHandle] = []

    @property
    def factor(self) -> float:
        """The product of all factors that are in force."""
        result = 1.0
        for factor in list(self._factors):
            result *= factor
        return result

    def multiply(self, factor: float) -> Callable[[], None]:
        """Put one more factor in force; return what takes it away. InnerviewError without an optimizer of PyTorch's."""
        if not self.optimizers or not all(hasattr(one, "register_step_pre_hook") for one in self.optimizers):
            raise InnerviewError(
                "there is no learning rate to scale: give the monitor its optimizer, Monitor(model, optimizer=...)"
            )
        self._factors.append(factor)
        self.enter()
        return lambda: self._factors.remove(factor)

    def enter(self) -> None:
        """Take effect in the optimizer's steps from now on, if any factor is in force."""
        if self._factors and not self._handles:
            for optimizer in self.optimizers:
                self._handles += [
                    optimizer.register_step_pre_hook(self._before),
                    optimizer.register_step_post_hook(self._after),
                ]

    def leave(self) -> None:
        """Take effect no longer: the rates are those of the optimizer."""
        self._after()
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _before(self, optimizer: Optimizer, *_: Any) -> None:
        self._after()  # a step that ended in an error has left its rates
        factor = self.factor
        if factor == 1.0:
            return
        with self._guard(failed="a learning rate was not scaled"):
            for group in optimizer.param_groups:
                rate = group["lr"]
                if isinstance(rate, Tensor):
                    # In place: a captured graph reads this very tensor.
                    self._kept.append((group, rate.clone()))
                    rate.mul_(factor)
                else:
                    group["lr"] = rate * factor
                    self._kept.append((group, rate))

    def _after(self, *_: Any) -> None:
        kept, self._kept = self._kept, []
        for group, rate in kept:
            with self._guard(failed="a scaled learning rate was not put back"):
                if isinstance(rate, Tensor):
                    group["lr"].copy_(rate)
                else:
                    group["lr"] = rate


class ScaleRates:
    """An action that multiplies every learning rate by a factor above 0; an InnerviewError for any other."""

    def __init__(self, scale: Scale, factor: float) -> None:
        if not (isinstance(factor, Real) and 0 < factor < float("inf")):
            raise InnerviewError(f"factor={factor!r}: what the learning rate is multiplied by, above 0, such as 0.5")
        self.scale, self.factor = scale, factor

    def __call__(self, _monitor: object, _finding: object) -> Callable[[], None]:
        """Put the factor in force; what is returned takes it away."""
        return self.scale.multiply(self.factor)

    def __str__(self) -> str:
        return f"learning rate times {self.factor:g}"
