"""Copies of what chosen layers returned, taken by hooks that live for the length of a forward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from innerview.errors import ForwardError, UnseenLayerError
from innerview.model.calls import Calls, locate, modules_of
from innerview.model.gradients import turned_on
from innerview.model.outputs import activation, copied, describe, detached, tensors, without_methods
from innerview.model.state import quiet
from innerview.model.status import why_never_called
from innerview.model.ways_out import ways_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import Tensor, nn


class Capture(Calls):
    """What chosen layers returned in the forwards made inside the ``with``, by name.

    Args:
        model: any module.
        layers: names; ``block#2`` is the second call of ``block`` since the ``with`` was entered.
        stop: end the forward once every layer was seen, by an exception that ``run`` catches.
        detach: False keeps the copies in the autograd graph.

    Attributes:
        values: by name of the layer, a copy of what the module's caller got: the user's own hooks have run, a later
            in-place operation has not.
        missing: the layers that were not seen so far.
        stopped: whether a forward was told to end early.

    Raises:
        UnknownLayerError: on construction, for a name that the model does not have.
    """

    def __init__(self, model: nn.Module, layers: Iterable[str], *, stop: bool = False, detach: bool = True) -> None:
        self._model = model
        self._all = modules_of(model)
        self.values: dict[str, Tensor] = {}
        self.missing = list(dict.fromkeys(layers))
        self.stopped = False
        self._wanted = {locate(name, self._all): name for name in self.missing}
        self._stop = stop
        self._detach = detach
        self._notes: dict[str, str] = {}
        super().__init__({path: self._all[path] for path, _ in self._wanted}, self._take)

    def why(self, name: str) -> str:
        """Say why a chosen layer was not seen."""
        if name in self._notes:
            return self._notes[name]
        path, _ = locate(name, self._all)
        count = self.counts[path]
        if count:
            return f"{path!r} was called {count} time{'s' * (count > 1)} in this forward"
        return why_never_called({"": self._model, **self._all}, path, self.counts)[1]

    def _take(self, path: str, call: int, output: Any) -> None:
        name = self._wanted.get((path, call))
        if name is None or name not in self.missing:
            return
        value, note = activation(output)
        if value is None:
            self._notes[name] = note
        else:
            self.values[name] = copied(without_methods(value), detach=self._detach)
        self.missing.remove(name)
        if self._stop and not self.missing:
            self.stopped = True
            raise _Stop(self)


def run(
    model: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    layers: Iterable[str],
    *,
    stop: bool = True,
    restore_rng: bool = True,
) -> dict[str, Tensor]:
    """Run one forward, leaving no trace, and return what the chosen layers returned.

    What is fed is on the model's device; it is copied first, since some models change their input in place. With
    ``stop`` the forward ends after the last of the layers; ``restore_rng`` is as for ``quiet``.

    Returns:
        The activation of each layer, in the order asked for, on the model's device and in its dtype.

    Raises:
        UnknownLayerError: a name that the model does not have.
        UnseenLayerError: a layer that this forward did not call, or that returned no tensor.
        ForwardError: the model raised; its error is the cause.
    """
    return _captured(model, args, kwargs, layers, stop=stop, restore_rng=restore_rng)[0]


def run_through(
    model: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    layers: Iterable[str],
    *,
    restore_rng: bool = True,
) -> tuple[dict[str, Tensor], Any]:
    """Run one forward to its end: as ``run``, with the model's output beside what the chosen layers returned."""
    values, output = _captured(model, args, kwargs, layers, stop=False, restore_rng=restore_rng)
    return values, detached(output)


def _captured(
    model: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    layers: Iterable[str],
    *,
    stop: bool,
    restore_rng: bool,
) -> tuple[dict[str, Tensor], Any]:
    """What the layers returned, and the output of the model; None where it was stopped before its end."""
    names = list(dict.fromkeys(layers))
    capture = Capture(model, names, stop=stop)
    if not names:
        return {}, None
    fed, named = copied((tuple(args), dict(kwargs)))
    try:
        with quiet(model, restore_rng=restore_rng), capture:
            output = _run_into(capture, model, fed, named)
    except ForwardError as error:
        if not turned_on(model, error.__cause__):
            raise
        return _captured(model, args, kwargs, names, stop=stop, restore_rng=restore_rng)
    for name in names:
        if name not in capture.values:
            raise UnseenLayerError(f"the output of layer {name!r} cannot be seen: {capture.why(name)}")
    return {name: capture.values[name] for name in names}, output


def forward(model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, restore_rng: bool = True) -> Any:
    """Run one full forward, leaving no trace, and return the model's output; fed as for ``run``.

    Raises:
        ForwardError: the model raised; its error is the cause.
    """
    fed, named = copied((tuple(args), dict(kwargs)))
    try:
        with quiet(model, restore_rng=restore_rng):
            output = _call(model, fed, named)
    except ForwardError as error:
        if not turned_on(model, error.__cause__):
            raise
        return forward(model, args, kwargs, restore_rng=restore_rng)
    return detached(output)


def reach(model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], layer: str) -> Tensor | None:
    """Run a forward up to a layer and return its activation in the autograd graph, None when it was not seen.

    For use inside ``quiet``; what is fed is not copied.

    Raises:
        UnknownLayerError, ForwardError: as ``run``.
    """
    with Capture(model, [layer], stop=True, detach=False) as capture:
        _run_into(capture, model, args, kwargs)
    return capture.values.get(layer)


class _Stop(BaseException):
    """Ends a forward early. No Exception, so that a model's own ``except Exception`` lets it pass."""

    def __init__(self, capture: Capture) -> None:
        super().__init__("every layer asked for was seen")
        self.capture = capture


def _run_into(capture: Capture, model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    try:
        return _call(model, args, kwargs)
    except _Stop as reached:
        if reached.capture is not capture:
            raise
        return None
    except ForwardError:
        # A bare "except:" in the model may have swallowed the stop, and what followed it failed.
        if not capture.stopped:
            raise
        return None


def _call(model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    try:
        return model(*args, **kwargs)
    except Exception as error:
        raise ForwardError(_explained(error, model, args, kwargs)) from error


def _explained(error: Exception, model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    lines = [
        f"{type(model).__name__} rejected its input{_place(error, model)}: {type(error).__name__}: {error}",
        f"fed: {describe(args, kwargs)}",
    ]
    given = [tensor for _, tensor in tensors((args, dict(kwargs)))]
    weights: dict[str, str] = {}
    for path, weight in (*model.named_parameters(), *model.named_buffers()):
        weights.setdefault(str(weight.device), path)
    devices = {str(tensor.device) for tensor in given}
    about_devices = any(word in str(error).lower() for word in ("device", "cuda", "is on cpu", "weight type"))
    if about_devices and weights and devices and len(devices | set(weights)) > 1:
        held = ", ".join(f"{device} (such as {path!r})" for device, path in weights.items())
        lines.append(
            f"devices differ: the model is on {held}, its input on {', '.join(sorted(devices))}; "
            "move both to one device, for example with model.to(device)"
        )
    floats = {tensor.dtype for tensor in given if tensor.is_floating_point()}
    own = {weight.dtype for weight in model.parameters() if weight.is_floating_point()}
    if floats and own and floats.isdisjoint(own) and "type" in str(error):
        lines.append(f"dtypes differ: the model has {_dtypes(own)}, its input {_dtypes(floats)}")
    return "\n".join([*lines, *ways_out(error, given, floats=bool(own))])


def _dtypes(dtypes: Iterable[Any]) -> str:
    return ", ".join(sorted(str(dtype).removeprefix("torch.") for dtype in dtypes))


def _place(error: Exception, model: nn.Module) -> str:
    """Name the innermost layer whose own code was running when the error was raised."""
    names = {id(module): path for path, module in model.named_modules() if path}
    found, trace = "", error.__traceback__
    while trace is not None:
        module = trace.tb_frame.f_locals.get("self")
        if id(module) in names:
            found = f" in layer {names[id(module)]!r} ({type(module).__name__})"
        trace = trace.tb_next
    return found
