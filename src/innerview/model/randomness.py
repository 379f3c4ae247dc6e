"""The user's random numbers: what the user's own code draws while it is run for a look at it is not taken from them.

Reading a sample may augment it at random, and a forward may draw noise. The generators of torch, NumPy and ``random``
that such code draws from belong to the whole process, and a training on another thread may be drawing from them.
"""

from __future__ import annotations

import functools
import random
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from innerview.model.switch import Switch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_mine = threading.local()  # the generators of a thread inside ``apart``: random, numpy, torch


@contextmanager
def kept(devices: Iterable[torch.device] = ()) -> Iterator[None]:
    """Put the random state of torch (CPU and these devices), Python and NumPy back afterwards.

    Exact only while no other thread draws; else use ``apart``.
    """
    states = random_states(devices)
    try:
        yield
    finally:
        for restore, state in states:
            restore(state)


def random_states(devices: Iterable[torch.device] = ()) -> list[tuple[Callable[[Any], object], Any]]:
    """The random state of torch (CPU and these devices), Python and NumPy, each after what restores it."""
    states: list[tuple[Callable[[Any], object], Any]] = [
        (torch.set_rng_state, torch.get_rng_state()),
        (random.setstate, random.getstate()),
        (np.random.set_state, np.random.get_state()),  # noqa: NPY002 - the global state is what must be kept
    ]
    for device in set(devices):
        if device.type in ("cuda", "xpu"):
            backend = torch.get_device_module(device)
            states.append((functools.partial(backend.set_rng_state, device=device), backend.get_rng_state(device)))
        elif device.type == "mps":
            states.append((torch.mps.set_rng_state, torch.mps.get_rng_state()))
    return states


@contextmanager
def apart() -> Iterator[None]:
    """Have this thread draw from generators of its own, begun as copies of the shared ones, which nobody else sees.

    What torch draws goes through a dispatch mode, which belongs to the thread. The functions of ``random`` and
    ``numpy.random``, and those of torch that seed, are replaced meanwhile by ones that look at the thread they are
    called on. A reference to such a function that was taken before, as by ``from random import choice``, draws from
    the shared generator all the same.
    """
    if getattr(_mine, "random", None) is not None:
        yield
        return
    own = random.Random()  # noqa: S311 - a copy of the user's generator
    own.setstate(random.getstate())
    numbers = np.random.RandomState()
    numbers.set_state(np.random.get_state())  # noqa: NPY002 - as above
    _mine.random, _mine.numpy, _mine.torch = own, numbers, _Torch()
    try:
        with _BY_THREAD.held(), _Redirected(_mine.torch):
            yield
    finally:
        _mine.random = _mine.numpy = _mine.torch = None


class _Torch:
    """Generators of one thread by device, under the names that torch has for the default one."""

    def __init__(self) -> None:
        self._made: dict[torch.device, torch.Generator] = {}

    def on(self, device: torch.device) -> torch.Generator:
        """The generator of a device: on the CPU a copy of the default one, elsewhere seeded like it."""
        made = self._made.get(device)
        if made is None:
            made = self._made[device] = torch.Generator(device)
            if device.type == "cpu":
                made.set_state(torch.default_generator.get_state())
            else:
                made.manual_seed(torch.default_generator.initial_seed())
        return made

    def manual_seed(self, seed: int) -> torch.Generator:
        for made in self._made.values():
            made.manual_seed(seed)
        return self.on(torch.device("cpu")).manual_seed(seed)

    def seed(self) -> int:
        return self.on(torch.device("cpu")).seed()

    def initial_seed(self) -> int:
        return self.on(torch.device("cpu")).initial_seed()

    def get_rng_state(self) -> torch.Tensor:
        return self.on(torch.device("cpu")).get_state()

    def set_rng_state(self, state: torch.Tensor) -> None:
        self.on(torch.device("cpu")).set_state(state)


class _Redirected(TorchDispatchMode):
    """Hands a thread's own generator to every operation that would draw from the default one."""

    def __init__(self, generators: _Torch) -> None:
        super().__init__()
        self._generators = generators

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # torch would load torch._dynamo, which takes seconds, and call it at every operation.
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded not in func.tags:
            return func(*args, **kwargs)
        device = torch.device(kwargs.get("device") or next(_devices(args), "cpu"))
        if device.type != "cpu" and device.index is None:
            device = torch.device(device.type, torch.get_device_module(device).current_device())
        takes, place = _with_generator(func)
        if takes is None:
            # Some operations cannot be given a generator, such as ``rand_like``: the default one is put back at once.
            with kept([device]):
                return func(*args, **kwargs)
        given = kwargs.get("generator", args[place] if place is not None and place < len(args) else None)
        if given is None and (place is None or place >= len(args)):
            kwargs = {**kwargs, "generator": self._generators.on(device)}
        elif given is None and place is not None:
            args = (*args[:place], self._generators.on(device), *args[place + 1 :])
        return takes(*args, **kwargs)


@functools.cache
def _with_generator(func: Any) -> tuple[Any, int | None]:
    """The overload of an operation that takes a generator, and the position of it where it may be positional."""
    wanted = [argument.name for argument in func._schema.arguments]  # noqa: SLF001 - has no public name
    for name in (func._overloadname, *func.overloadpacket.overloads()):  # noqa: SLF001 - as above
        overload = getattr(func.overloadpacket, name)
        arguments = overload._schema.arguments  # noqa: SLF001 - as above
        names = [argument.name for argument in arguments]
        if "generator" in names and [n for n in names if n != "generator"] == [n for n in wanted if n != "generator"]:
            place = names.index("generator")
            return overload, None if arguments[place].kwarg_only else place
    return None, None


def _devices(values: Any) -> Iterator[torch.device]:
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value.device
        elif isinstance(value, (list, tuple)):
            yield from _devices(value)


def _drawing_functions() -> Iterator[tuple[Any, str, str, str]]:
    """Module and name of each function that draws from, or sets, a shared generator; whose, and its method there."""
    for name, value in vars(random).items():
        if getattr(value, "__self__", None) is random._inst:  # type: ignore[attr-defined]  # noqa: SLF001 - the shared generator has no public name
            yield random, name, "random", name
    shared = getattr(np.random.mtrand, "_rand")  # noqa: B009 - it has no public name
    plain = {"seed": "seed", "ranf": "random_sample", "sample": "random_sample"}  # functions of their own there
    for name, value in vars(np.random).items():
        if getattr(value, "__self__", None) is shared or name in plain:
            yield np.random, name, "numpy", plain.get(name, name)
    for name in ("manual_seed", "seed", "initial_seed", "get_rng_state", "set_rng_state"):
        yield torch, name, "torch", name
        yield torch.random, name, "torch", name


def _by_thread() -> Callable[[], None]:
    """Replace these functions by ones that look at their thread."""
    replaced = [(module, name, getattr(module, name), kind, own) for module, name, kind, own in _drawing_functions()]
    for module, name, original, kind, own in replaced:
        setattr(module, name, _looking_at_its_thread(original, kind, own))

    def put_back() -> None:
        for module, name, original, *_ in replaced:
            setattr(module, name, original)

    return put_back


def _looking_at_its_thread(original: Callable[..., Any], kind: str, method: str) -> Callable[..., Any]:
    @functools.wraps(original)
    def drawing(*args: Any, **kwargs: Any) -> Any:
        own = getattr(_mine, kind, None)
        return (original if own is None else getattr(own, method))(*args, **kwargs)

    return drawing


_BY_THREAD = Switch(_by_thread)
