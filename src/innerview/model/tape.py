"""The operations of a forward up to one point: recorded on a tape once, skipped whenever the forward is run again.

Skipped operations return, without computing, tensors of the recorded shapes and strides. Those read after the point, or
alive after the forward, hold what they held at the point; they share memory as they did then. All others show zeros,
so that what reads them past torch (``tensor.numpy()``) does the same each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, UntypedStorage, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes, _get_current_dispatch_mode

from innerview.model.held import storage_of
from innerview.model.outputs import mapped, tensors
from innerview.model.written import written_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Self

# Comes and goes with reference counts (Tensor.data, hooks), so it is neither counted nor skipped: it only makes a view.
_DETACH = torch.ops.aten.detach.default


class Diverged(BaseException):
    """The forward took another way than the recorded one; not an Exception, so that the model does not catch it."""


class Place(NamedTuple):
    """The place of a tensor: its storage, counted in order of appearance, and its layout in it."""

    storage: int
    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    dtype: torch.dtype
    device: torch.device


class _Argument(NamedTuple):
    """A result that is one of the operation's own arguments, as in-place operations return it."""

    position: int


@dataclass(frozen=True, slots=True)
class _Step:
    """One operation. With ``real`` it is not skipped: it makes a view of a weight, or changes a shape in place."""

    func: Any
    real: bool = False
    results: tuple[Any, ...] = ()
    pack: Callable[[list[Any]], Any] = tuple


class _Mode(TorchDispatchMode):
    """A dispatch mode that can be left before its ``with`` ends."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = False
        self._left = False
        self._entered = 0

    def leave(self) -> None:
        """Stop, and run what follows without this mode where that is safe; elsewhere operations pass through it.

        It is not where the model has put a mode of its own above this one, nor inside a guard such as
        ``torch.inference_mode``: that puts the thread's dispatch keys back when it ends, those of this mode too, and
        without a mode every operation fails then (pytorch/pytorch#136566).
        """
        self.passed = True
        if _get_current_dispatch_mode() is self and _included() == self._entered:
            self._left = True
            super().__exit__(None, None, None)

    def __enter__(self) -> Self:
        super().__enter__()
        self._entered = _included()
        return self

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # torch would load torch._dynamo, which takes seconds, and call it at every operation.
        return False

    def __exit__(self, *how: object) -> None:
        if not self._left:
            super().__exit__(*how)
        elif _get_current_dispatch_mode() is None:
            # A guard that changes no key, ``torch.inference_mode(False)``, cannot be told when the mode is left.
            for key in (torch._C.DispatchKey.Python, torch._C.DispatchKey.PythonTLSSnapshot):  # noqa: SLF001 - no public way
                torch._C._dispatch_tls_set_dispatch_key_included(key, False)  # noqa: SLF001, FBT003 - likewise


class Tape(_Mode):
    """Records the operations of a forward made inside the ``with``; ``cut`` marks the point up to which they count.

    ``fed`` is all that the model is fed, any nesting.

    Attributes:
        obstacle: why the operations cannot be skipped; empty when they can.
        draws: name of an operation that may have drawn random numbers; empty when none was met.
    """

    def __init__(self, fed: Any) -> None:
        super().__init__()
        self.obstacle = ""
        self.draws = ""
        self._steps: list[_Step] = []
        self._numbers: dict[int, int] = {}
        # A weak reference keeps the address of a storage from being used again.
        self._storages: list[StorageWeakRef] = []
        self._copies: dict[int, UntypedStorage] = {}
        self._read: set[int] = set()
        self._written: set[int] = set()
        self._outside: dict[int, StorageWeakRef] = {}
        self._inputs = [self._place(tensor) for _, tensor in tensors(fed)]

    def cut(self) -> None:
        """Mark the point, and copy the memory of all tensors that are alive."""
        self.passed = True
        with _disable_current_modes():
            for number, reference in enumerate(self._storages):
                storage = UntypedStorage._new_with_weak_ptr(reference.cdata)  # noqa: SLF001 - no public way from a weak reference
                if storage is not None:
                    self._copies[number] = storage.clone()

    def finish(self) -> Skips:
        """Keep what is needed. To be called while the forward's output is alive, and what was fed is not."""
        lasting = {number for number, reference in enumerate(self._storages) if not reference.expired()}
        kept = {number: copy for number, copy in self._copies.items() if number in self._read | lasting}
        return Skips(self._steps, self._inputs, kept, self._written | lasting)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded in func.tags:
            self.draws = str(func)
        given = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        if self.passed:
            self._after(func, args, kwargs, given)
            return func(*args, **kwargs)
        output = func(*args, **kwargs)
        if func is not _DETACH and not self.obstacle:
            for tensor in written_by(func, args, kwargs):
                address = storage_of(tensor)
                if address is not None and address not in self._numbers:
                    self._outside[address] = StorageWeakRef(tensor.untyped_storage())
            self._steps.append(self._step(func, given, output))
        return output

    def _step(self, func: Any, given: list[Tensor], output: Any) -> _Step:
        if torch.Tag.inplace_view in func.tags:
            return _Step(func, real=True)
        leaves, nesting = pytree.tree_flatten(output)
        positions = {id(tensor): position for position, tensor in enumerate(given)}
        outside = {storage_of(tensor) for tensor in given} - self._numbers.keys()
        results: list[Any] = []
        views = 0
        for leaf in leaves:
            if not isinstance(leaf, Tensor):
                results.append(leaf)
            elif id(leaf) in positions:
                results.append(_Argument(positions[id(leaf)]))
            elif not _is_plain(leaf):
                self.obstacle = f"{func} returns a tensor that is not an ordinary one"
            elif storage_of(leaf) in outside:
                views += 1
            else:
                results.append(self._place(leaf))
        if views and views < len(leaves):
            self.obstacle = f"{func} returns views of the weights beside other values"
        # tuple is much faster than unflatten, and what operations with several results return.
        pack = tuple if type(output) is tuple and len(output) == len(leaves) else nesting.unflatten
        return _Step(func, real=views > 0, results=tuple(results), pack=itemgetter(0) if nesting.is_leaf() else pack)

    def _after(self, func: Any, args: Any, kwargs: Any, given: list[Tensor]) -> None:
        for tensor in given:
            address = storage_of(tensor)
            if address in self._numbers:
                self._read.add(self._numbers[address])
            elif address in self._outside:
                self.obstacle = "a weight or buffer is changed in place before the layer and read after it"
        for tensor in written_by(func, args, kwargs):
            address = storage_of(tensor)
            if address in self._numbers:
                self._written.add(self._numbers[address])

    def _place(self, tensor: Tensor) -> Place | None:
        """Find a tensor's place, in a storage that is counted from now on; None for sparse tensors and the like."""
        address = storage_of(tensor)
        if address is None:
            return None
        if address not in self._numbers:
            self._numbers[address] = len(self._storages)
            self._storages.append(StorageWeakRef(tensor.untyped_storage()))
        number, offset = self._numbers[address], int(tensor.storage_offset())
        return Place(number, tuple(tensor.shape), tensor.stride(), offset, tensor.dtype, tensor.device)


class Skips:
    """The outcome of a tape: the steps to skip, and the memory (of so many ``bytes``) that is read afterwards."""

    def __init__(
        self, steps: list[_Step], inputs: list[Place | None], kept: dict[int, UntypedStorage], changing: set[int]
    ) -> None:
        self.steps = steps
        self._inputs = inputs
        self._kept = kept
        self._changing = changing
        self._zeros = _zeros(place for step in steps for place in step.results if isinstance(place, Place))
        storages = {zeros.untyped_storage().data_ptr(): zeros.untyped_storage() for zeros in self._zeros.values()}
        self.bytes = sum(storage.nbytes() for storage in (*kept.values(), *storages.values()))

    def memory(self) -> dict[int, UntypedStorage]:
        """The kept storages by number: a copy of each that a replay changes, or that outlives it."""
        return {n: storage.clone() if n in self._changing else storage for n, storage in self._kept.items()}

    def tensor(self, place: Place, memory: dict[int, UntypedStorage]) -> Tensor:
        """The tensor at a place: its kept values, or zeros."""
        number, size, stride, offset, dtype, device = place
        if number in memory:
            return torch.empty(0, dtype=dtype, device=device).set_(memory[number], offset, size, stride)
        return self._zeros[device, dtype].as_strided(size, stride)

    def feed(self, fed: Any, memory: dict[int, UntypedStorage]) -> Any:
        """Return what to feed for a replay: the recorded inputs, with their values at the point."""
        places = {id(tensor): place for (_, tensor), place in zip(tensors(fed), self._inputs, strict=True)}

        def at_the_point(tensor: Tensor) -> Tensor:
            place = places.get(id(tensor))
            # A view, whose shape the model may change in place.
            return self.tensor(place, memory) if place is not None and place.storage in memory else tensor.detach()

        return mapped(fed, at_the_point)


class Skipping(_Mode):
    """Skips the recorded operations of a forward made inside the ``with``, until it is told to ``leave``.

    Raises:
        Diverged: from within the forward, at an operation that is not the recorded one.
    """

    def __init__(self, skips: Skips, memory: dict[int, UntypedStorage]) -> None:
        super().__init__()
        self._skips = skips
        self._memory = memory
        self._position = 0

    @property
    def complete(self) -> bool:
        """True once all recorded operations were met."""
        return self._position == len(self._skips.steps)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self.passed or func is _DETACH:
            return func(*args, **kwargs)
        steps = self._skips.steps
        if self._position >= len(steps) or steps[self._position].func is not func:
            self._position = len(steps) + 1
            raise Diverged
        step = steps[self._position]
        self._position += 1
        if step.real:
            return func(*args, **kwargs)
        return step.pack([self._result(result, args, kwargs) for result in step.results])

    def _result(self, result: Any, args: Any, kwargs: Any) -> Any:
        if isinstance(result, Place):
            return self._skips.tensor(result, self._memory)
        if isinstance(result, _Argument):
            given = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
            return given[result.position]
        return result


def _included() -> int:
    """The dispatch keys that this thread has switched on."""
    return torch._C._dispatch_tls_local_include_set().raw_repr()  # noqa: SLF001 - no public way


def _is_plain(tensor: Tensor) -> bool:
    return (
        type(tensor) in (Tensor, nn.Parameter)
        and storage_of(tensor) is not None
        and not (tensor.is_quantized or tensor.is_conj() or tensor.is_neg())
    )


def _zeros(places: Iterator[Place]) -> dict[tuple[torch.device, torch.dtype], Tensor]:
    """For each device and dtype, zeros enough for every place; one memory a device."""
    needed: dict[torch.device, int] = {}
    kinds: set[tuple[torch.device, torch.dtype]] = set()
    for _, size, stride, _, dtype, device in places:
        extent = 1 + sum((length - 1) * step for length, step in zip(size, stride, strict=True) if length)
        needed[device] = max(needed.get(device, 16), extent * dtype.itemsize)
        kinds.add((device, dtype))
    memory: dict[torch.device, Tensor] = {}
    for device, count in needed.items():
        size = -(-count // 16) * 16
        if device.type == "cpu":
            # NumPy asks the system for zeroed pages, which take neither time nor memory until one of them is read.
            memory[device] = torch.from_numpy(np.zeros(size, np.uint8))
        else:
            memory[device] = torch.zeros(size, dtype=torch.uint8, device=device)
    return {(device, dtype): memory[device].view(dtype) for device, dtype in kinds}
