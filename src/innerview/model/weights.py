"""Parameters and buffers of a model, their values and gradients, put back where its forward writes them."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakSet

from innerview.model.calls import Calls
from innerview.model.gradients import Trained
from innerview.model.held import can_change
from innerview.model.status import is_wrapper_of_compiled
from innerview.model.written import Values, Writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

# What was found out of a model in its first whole forward: places of the parameters and buffers that it writes, and
# whether it adds to gradients. Parameters may be large: they are not copied before it is known that they are written.
_written: WeakKeyDictionary[nn.Module, frozenset[int]] = WeakKeyDictionary()
_backward: WeakSet[nn.Module] = WeakSet()


@contextmanager
def weights_kept(model: nn.Module, modules: list[nn.Module], others: list[Tensor]) -> Iterator[Values]:
    """Put back the values and gradients of a model, and of other tensors that its forward may write.

    ``modules`` are all of the model.

    Yields:
        The values of buffers and of all that is known to be written, to be put back between two forwards.
    """
    # Not by parameters() and buffers(), which take long to look for what occurs twice.
    buffers = [b for module in modules for b in module._buffers.values() if b is not None and can_change(b)]  # noqa: SLF001 - see above
    held = [p for module in modules for p in module._parameters.values() if p is not None]  # noqa: SLF001 - see above
    parameters = [tensor for tensor in held if tensor.is_leaf]  # those of a copied ScriptModule are not
    leaves = [tensor for tensor in others if tensor.requires_grad and tensor.is_leaf]
    trained = Trained([*parameters, *leaves], goes_backward=model in _backward)
    weights: list[Tensor] = [*parameters, *buffers]
    known = [weights[place] for place in _written.get(model, ()) if place < len(weights)]
    writes = Writes([*weights, *others, *trained.gradients] if model not in _written else [])
    whole: list[bool] = []
    with ExitStack() as undo:
        # Code compiled ahead of time refuses to run while it is watched.
        if model not in _written and not any(is_wrapper_of_compiled(module) for module in modules):
            undo.enter_context(writes)
            undo.enter_context(Calls({"": model}, lambda *_: whole.append(True)))
        try:
            yield Values([*buffers, *others, *known], frozenset(map(id, known)))
        finally:
            undo.close()
            if whole:
                _written[model] = frozenset(n for n, weight in enumerate(weights) if id(weight) in writes.kept)
            writes.restore()
            if trained.restore() or any(id(gradient) in writes.kept for gradient in trained.gradients):
                _backward.add(model)


def as_known(copy: nn.Module, model: nn.Module) -> None:
    """Take for known of a copy what is known of the model."""
    if model in _written:
        _written[copy] = _written[model]
    if model in _backward:
        _backward.add(copy)
