"""The values of tensors, put back where a forward writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd.grad_mode import _unsafe_preserve_version_counter
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from innerview.model.held import can_change, storage_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Values:
    """The values of some tensors, to be put back if a forward changes them.

    ``always`` are ids of those that are put back unseen: what is written through ``tensor.data`` is not counted.
    """

    def __init__(self, tensors: Iterable[Tensor], always: frozenset[int] = frozenset()) -> None:
        self._tensors = list({id(tensor): tensor for tensor in tensors}.values())
        # The clones are made before it is known whether they will be needed: about 2 us each.
        self._copies = [tensor.detach().clone() for tensor in self._tensors]
        self._versions = _unsafe_preserve_version_counter(tuple(self._tensors))
        self._always = always

    def restore(self) -> None:
        """Put them back as they were."""
        versions = self._versions.prev_versions
        changed = False
        with torch.no_grad():
            for tensor, version, held in zip(self._tensors, versions, self._copies, strict=True):
                if tensor._version != version or id(tensor) in self._always:  # noqa: SLF001 - has no public name
                    tensor.copy_(held)
                    changed = True
        if changed:
            # Same values as before, so the same version: else ``Fingerprint`` would report a change.
            self._versions.__exit__()


class Writes(TorchDispatchMode):
    """Keeps what chosen tensors held before an operation first wrote them, for the length of a ``with``.

    It sees each operation of this thread, and takes some 10 us for it: for the first forward of a model, which tells
    what to copy before those that follow. Weights of any size can be watched so, where copies may not fit.

    Attributes:
        kept: those written, each with its values and its version before.
    """

    def __init__(self, tensors: Iterable[Tensor]) -> None:
        super().__init__()
        self.kept: dict[int, tuple[Tensor, Tensor, _unsafe_preserve_version_counter]] = {}
        self._watched: dict[int, list[Tensor]] = {}  # by storage
        for tensor in tensors:
            place = storage_of(tensor)
            if place is not None and can_change(tensor):
                self._watched.setdefault(place, []).append(tensor)

    def unwritten(self, tensor: Tensor) -> bool:
        """Tell one of the chosen tensors that was not written so far."""
        watched = self._watched.get(storage_of(tensor) or 0, [])
        return bool(watched) and not any(id(each) in self.kept for each in watched)

    def restore(self) -> None:
        """Put them back as they were."""
        for tensor, held, version in self.kept.values():
            tensor.data.copy_(held)
            version.__exit__()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        for given in written_by(func, args, kwargs):
            for tensor in self._watched.get(storage_of(given) or 0, []):
                if id(tensor) not in self.kept:
                    version = _unsafe_preserve_version_counter(tensor)
                    self.kept[id(tensor)] = tensor, tensor.detach().clone(), version
        return func(*args, **kwargs)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # torch would load torch._dynamo, which takes seconds, and call it at every operation.
        return False


def written_by(func: Any, args: Any, kwargs: Any) -> Iterator[Tensor]:
    """Yield the tensors that an operation changes in place, by its schema."""
    if not func._schema.is_mutable:  # noqa: SLF001 - no public way
        return
    for position, argument in enumerate(func._schema.arguments):  # noqa: SLF001 - no public way
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = args[position] if position < len(args) else kwargs.get(argument.name)
            yield from (leaf for leaf in pytree.tree_leaves(value) if isinstance(leaf, Tensor))
