"""A forward in which chosen layers return something else: what a layer's output is replaced by, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from innerview.errors import DataError, UnseenLayerError
from innerview.model.calls import Calls, locate, modules_of
from innerview.model.capture import forward, run
from innerview.model.outputs import activation, describe, mapped, tensors

if TYPE_CHECKING:
    from torch import nn

Edits = Mapping[str, Callable[[Tensor], Tensor]]


class Editing(Calls):
    """Edits what layers return during one forward made inside the ``with``; see ``forward_with``.

    Attributes:
        missing: the layers that were not seen so far.
        failed: what edits raised.

    Raises:
        UnknownLayerError: a name that the model does not have.
    """

    def __init__(self, modules: Mapping[str, nn.Module], edits: Edits) -> None:
        self.missing = set(edits)
        self.failed: list[Exception] = []
        self._edits = edits
        self._names = {locate(name, modules): name for name in edits}
        super().__init__({path: modules[path] for path, _ in self._names}, self._edited)

    def _edited(self, path: str, call: int, output: Any) -> Any:
        name = self._names.get((path, call))
        value = None if name is None else activation(output)[0]
        if name is None or value is None:
            return None
        self.missing.discard(name)
        try:
            return put_back(output, value, laid_out(self._edits[name](value.clone()), value, name))
        except Exception as error:
            self.failed.append(error)
            raise


def forward_with(
    model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], edits: Edits, *, restore_rng: bool = True
) -> Any:
    """Run one full forward in which layers return an edited activation, leaving no trace; return the model's output.

    What is edited is the tensor that the layer table shows; the rest of a layer's output stays as it is. The layers
    are edited as they are called, so that a later one sees the edit of an earlier one, and a block sees the edits
    inside it. The model is fed, and the random state restored, as for ``run``.

    ``edits`` gives by name of the layer (``block#2`` is the second call of ``block``) a function from its activation to
    what takes its place, of the same shape. It is given a copy, which it may change and return.

    Raises:
        UnknownLayerError: a name that the model does not have.
        UnseenLayerError: a layer that this forward did not call, or that returned no tensor.
        DataError: an edit returned something other than a tensor of the activation's shape, dtype and device.
        ForwardError: the model raised; its error is the cause. An error raised by an edit comes out as it is.
    """
    editing = Editing(modules_of(model), edits)
    failed = editing.failed
    try:
        with editing:
            output = forward(model, args, kwargs, restore_rng=restore_rng)
    except Exception:
        if failed:
            raise failed[0] from failed[0].__cause__
        raise
    if failed:
        # The model went on: it catches errors.
        raise failed[0]
    for name in editing.missing:
        run(model, args, kwargs, [name], restore_rng=restore_rng)  # raises where the model by itself does not reach it
        raise UnseenLayerError(f"layer {name!r} was not reached: what other layers returned instead led another way")
    return output


def laid_out(edited: Any, value: Tensor, name: str) -> Tensor:
    """Copy an edited activation into the memory layout of the layer's own, which later layers may count on.

    A copy, so that a later in-place operation of the model does not change the caller's tensor.

    Raises:
        DataError: it is not a tensor of the same shape, dtype and device.
    """
    kinds = [(tuple(t.shape), t.dtype, t.device) if isinstance(t, Tensor) else None for t in (edited, value)]
    if kinds[0] != kinds[1]:
        raise DataError(
            f"layer {name!r} cannot return {describe((edited,), {})} instead of {describe((value,), {})}: "
            "an edit must keep shape, dtype and device"
        )
    return torch.empty_like(value).copy_(edited)


def put_back(output: Any, value: Tensor, edited: Tensor) -> Any:
    """A layer's output with one of its tensors replaced, wherever it occurs.

    Raises:
        UnseenLayerError: it is not one of them, but was made from one that is sparse or quantised.
    """
    if not any(tensor is value for _, tensor in tensors(output)):
        raise UnseenLayerError(
            "this layer returns a sparse or quantised tensor: it can be looked at, but nothing can be put in its place"
        )
    return edited if output is value else mapped(output, lambda tensor: edited if tensor is value else tensor)
