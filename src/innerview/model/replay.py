"""Run only what comes after a layer: record the forward of a batch once, then try many values of the layer's output."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import _disable_current_modes

from innerview.errors import UnseenLayerError
from innerview.model.calls import Calls, locate, modules_of
from innerview.model.intervene import Editing, Edits, forward_with, laid_out, put_back
from innerview.model.outputs import activation, copied, detached, tensors
from innerview.model.randomness import random_states
from innerview.model.state import devices_of, quiet
from innerview.model.tape import Diverged, Skipping, Skips, Tape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from torch import nn


class Recording:
    """One forward, run without leaving a trace, with what it takes to run what comes after a layer again.

    Made with one full forward and one rerun: it counts only if a rerun of the unchanged activation gives the output bit
    for bit. If it does not, reruns are full forwards in which the layer's output is replaced, and ``note`` says why.

    It holds the model, a copy of the batch, the activation, the output, and the values computed before the layer that
    are read after it. It knows nothing of a later change of the weights: those after the layer are used as they are
    at the rerun, what comes before it stays as recorded. Record anew when ``fingerprint`` has changed.

    Args:
        model: any module.
        args, kwargs: what to feed, on the model's device. Copied first.
        layer: name of the layer; ``block#2`` is the second call of ``block``.
        restore_rng: as for ``quiet``, for the reruns too.

    Attributes:
        layer: the layer's name.
        activation: what the layer returned, of any shape and dtype, on the model's device.
        output: what the model returned.
        note: why reruns are full forwards; empty when they are not.

    Raises:
        UnknownLayerError: a name that the model does not have.
        UnseenLayerError: the layer was not called, or returned no tensor.
        ForwardError: the model raised; its error is the cause.
    """

    def __init__(
        self,
        model: nn.Module,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        layer: str,
        *,
        restore_rng: bool = True,
    ) -> None:
        self._modules = modules = modules_of(model)
        self.layer = layer
        self.note = ""
        self.activation = torch.empty(0, dtype=torch.float32, device="cpu")
        self.output: Any = None
        self._model = model
        self._rng = restore_rng
        self._path, self._call = locate(layer, modules)
        self._module = modules[self._path]
        self._fed = copied((tuple(args), dict(kwargs)))
        self._skips: Skips | None = None
        self._settle: Callable[[], None] | None = None  # while held
        try:
            skips, self.note = self._record()
        except Exception as error:  # noqa: BLE001 - if the model is to blame, it raises again in the full forward
            skips, self.note = None, f"recording failed with {type(error).__name__}: {error}"
        if skips is not None and not self.note:
            self.note = self._check(skips)
        if not self.note:
            self._skips = skips
        elif skips is None:
            self._look()

    @property
    def how(self) -> str:
        """The way reruns are made: "replay" runs only what comes after the layer, "full forward" everything."""
        return "replay" if self._skips is not None else "full forward"

    @property
    def bytes(self) -> int:
        """Memory held for replays beside batch, activation and output; 0 when there are none."""
        return 0 if self._skips is None else self._skips.bytes

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the model ready for several reruns, each of which then takes less: half a millisecond in a ResNet-18.

        For the length of the ``with`` the model is as in ``quiet``; nobody else is to run it.
        """
        with quiet(self._model, restore_rng=self._rng) as settle:
            self._settle = settle
            try:
                yield
            finally:
                self._settle = None

    def rerun(self, edits: Edits) -> Any:
        """Run the model as if layers had returned something else, each seeing what those before it did.

        Where another of the edited layers than ``layer`` returns first, reruns are full forwards from now on, and
        ``note`` says why. The edits, the result and the errors are those of ``forward_with``.
        """
        given = edits[self.layer](self.activation.clone()) if self.layer in edits else self.activation
        given = laid_out(given, self.activation, self.layer)
        if self._skips is not None:
            try:
                return self._replay(self._skips, given, edits)
            except _EarlierError as earlier:
                self._skips = None
                self.note = f"{earlier} returns before {self.layer!r}, and is edited too"
            except Diverged:
                self._skips = None
                self.note = "the model went another way before the layer than when it was recorded: was it changed?"
            except Exception:  # noqa: BLE001, S110 - the full forward raises it again, with an explanation
                pass
        return self._full(edits)

    def _record(self) -> tuple[Skips | None, str]:
        """Fill activation and output. Returns what can be skipped, and why it cannot be."""
        reached = False
        with quiet(self._model, restore_rng=self._rng):
            fed = copied(self._fed)
            tape = Tape(fed)

            def returned(output: Any) -> Any:
                nonlocal reached
                value = activation(output)[0]
                if value is None:
                    return None
                reached = True
                tape.cut()
                with _disable_current_modes():
                    self.activation = laid_out(value, value, self.layer)
                    return put_back(output, value, laid_out(value, value, self.layer))

            before = random_states(devices_of(self._model))
            with self._at_the_layer(returned), tape:
                output = self._model(*fed[0], **fed[1])
            drawn = _drawn(before, random_states(devices_of(self._model)))
            del fed
            skips = tape.finish()
            self.output = copied(output)
        if not reached:
            return None, "the layer was not seen"
        if drawn and (tape.draws or self._rng):
            # Unless it is an operation of ours, another thread may have drawn them when random states are let be.
            by = f" ({tape.draws})" if tape.draws else ""
            return (
                skips,
                f"the model draws random numbers{by} in evaluation mode too: no two of its forwards need agree",
            )
        return skips, tape.obstacle

    def _check(self, skips: Skips) -> str:
        """Replay the unchanged activation, and return what is wrong with the outcome; empty if nothing is."""
        try:
            again = self._replay(skips, self.activation.clone(), {})
        except Diverged:
            return "a replay went another way before the layer than the recording"
        except Exception as error:  # noqa: BLE001 - whatever it is, the full forward does without
            return f"a replay failed with {type(error).__name__}: {error}"
        if not any(True for _ in tensors(self.output)):
            return "the model's output holds no tensor by which a replay could be checked"
        return "" if _equal(self.output, again) else "a replay of the unchanged activation gave another output"

    def _replay(self, skips: Skips, given: Tensor, edits: Edits) -> Any:
        later = {name: edit for name, edit in edits.items() if name != self.layer}
        editing = Editing(self._modules, later)
        with self._quiet():
            memory = skips.memory()
            args, kwargs = skips.feed(self._fed, memory)
            skipping = Skipping(skips, memory)

            def returned(output: Any) -> Any:
                value = activation(output)[0]
                if value is None or not skipping.complete:
                    raise Diverged
                skipping.leave()
                return put_back(output, value, given)

            try:
                with self._at_the_layer(returned), editing, skipping:
                    output = self._model(*args, **kwargs)
            except Diverged:
                for name in later.keys() - editing.missing if not skipping.passed else ():
                    raise _EarlierError(repr(name)) from None
                raise
            if editing.missing or editing.failed:
                raise UnseenLayerError  # the full forward says why
            if not skipping.passed or not skipping.complete:
                raise Diverged
        return detached(output)

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """``quiet`` for one replay; what is held already is only settled."""
        if self._settle is None:
            with quiet(self._model, restore_rng=self._rng):
                yield
            return
        try:
            yield
        finally:
            self._settle()

    def _at_the_layer(self, returned: Callable[[Any], Any]) -> Calls:
        return Calls(
            {self._path: self._module}, lambda _, call, output: returned(output) if call == self._call else None
        )

    def _look(self) -> None:
        """Fill activation and output by a full forward."""

        def kept(value: Tensor) -> Tensor:
            self.activation = value
            return value

        self.output = self._full({self.layer: kept})

    def _full(self, edits: Edits) -> Any:
        args, kwargs = self._fed
        return forward_with(self._model, args, kwargs, edits, restore_rng=self._rng)


class _EarlierError(Exception):
    """A layer to edit returned before the one recorded."""


def _drawn(before: Any, after: Any) -> bool:
    """Tell from two results of ``random_states`` whether random numbers were drawn in between."""
    return any(not _same_state(was, state) for (_, was), (_, state) in zip(before, after, strict=True))


def _same_state(was: Any, state: Any) -> bool:
    """Compare two random states: tensors, Python's tuples, or NumPy's tuples with an array in them."""
    if isinstance(was, Tensor):
        return torch.equal(was, state)
    return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in zip(was, state, strict=True))


def _equal(value: Any, other: Any) -> bool:
    """Compare two nested values exactly; NaN equals NaN, and objects that cannot be looked into are passed over."""
    ours, theirs = dict(tensors(value)), dict(tensors(other))
    return (
        ours.keys() == theirs.keys()
        and all(_same(tensor, theirs[place]) for place, tensor in ours.items())
        and _plain(value) == _plain(other)
    )


def _same(value: Tensor, other: Tensor) -> bool:
    if value.shape != other.shape or value.dtype != other.dtype:
        return False
    return torch.equal(value, other) or bool(((value == other) | (value.isnan() & other.isnan())).all())


def _plain(value: Any) -> list[Any]:
    """The numbers and texts in a nested value; arrays as lists."""
    leaves = [leaf.tolist() if isinstance(leaf, np.ndarray) else leaf for leaf in pytree.tree_leaves(value)]
    return [leaf for leaf in leaves if isinstance(leaf, (int, float, str, bytes, list))]
