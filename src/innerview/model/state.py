"""Running a model without leaving a trace: its state kept, copied apart, or summed up in a number."""

from __future__ import annotations

import copy
import sys
from contextlib import ExitStack, contextmanager
from types import MethodType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.autograd.grad_mode import _unsafe_preserve_version_counter
from torch.nn.parameter import is_lazy

from innerview.errors import InnerviewError
from innerview.model.calls import is_ours
from innerview.model.gradients import as_needed
from innerview.model.outputs import tensors
from innerview.model.passes import looking
from innerview.model.randomness import kept
from innerview.model.status import is_wrapper_of_compiled
from innerview.model.switch import Switch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PROBES = 8
_OWN = frozenset([*vars(nn.Module()), "_compiled_call_impl"])  # attributes of every module


@contextmanager
def quiet(model: nn.Module, *, restore_rng: bool = True) -> Iterator[Callable[[], None]]:
    """Run a model in evaluation mode without gradients, and put everything back afterwards; one ``quiet`` at a time.

    Put back also when the body raises: each module's train/eval flag, the values of all buffers (also of a BatchNorm
    without running averages of its own, or of a module that ignores evaluation mode), plain attributes, and the
    random state of torch (CPU and the model's devices), Python and NumPy. Meanwhile ``torch.compile``'d code
    runs uncompiled and the fast path of ``nn.TransformerEncoder`` is off, since both pass by the modules inside. What
    watches the model's passes is not told of those made here.

    ``restore_rng`` is False while another thread is training: rewinding the shared random state, or uncompiling its
    code, would change that training. Use it with ``snapshot``.

    Yields:
        A function that puts buffers and attributes back, to be called between two forwards.
    """
    modules = list(model.modules())
    buffers = _Buffers(modules)
    attributes = _Attributes(modules)

    def settle() -> None:
        buffers.restore()
        attributes.restore()

    with ExitStack() as undo:
        undo.enter_context(looking())
        undo.enter_context(_INSIDE_VISIBLE.held())
        undo.enter_context(as_needed(model))
        if restore_rng:
            undo.enter_context(_UNCOMPILED.held())
            undo.enter_context(kept(devices_of(model)))
        undo.callback(settle)
        training = [module for module in modules if module.training]
        undo.callback(_set_training, training, to=True)
        _set_training(training, to=False)
        for module in modules:
            if isinstance(module, nn.DataParallel) and len(module.device_ids) > 1:
                # On several GPUs its replicas run on threads of their own, where no hook of ours listens.
                undo.callback(setattr, module, "device_ids", module.device_ids)
                module.device_ids = module.device_ids[:1]
        yield settle


def cloned(parameter: nn.Parameter) -> nn.Parameter:
    """A parameter of the same values, for ``snapshot``; one that is not made yet is left as it is."""
    return parameter if is_lazy(parameter) else nn.Parameter(parameter.detach().clone(), parameter.requires_grad)


def snapshot(model: nn.Module, parameter: Callable[[nn.Parameter], nn.Parameter] = lambda shared: shared) -> nn.Module:
    """Copy a model, sharing its parameters, so that it can be run while another thread is training it.

    Flags, buffers and attributes are copies, and what was compiled is not: the copy can be switched to evaluation mode
    without the training noticing. The user's hooks are kept, and run for the copy too; ours are not. A ScriptModule's
    parameters cannot be shared and are copied. ``parameter`` says what stands in the copy for a parameter, if not
    itself.

    Raises:
        InnerviewError: the model holds something that cannot be copied.
    """
    modules = list(model.modules())
    memo: dict[int, Any] = {id(old): parameter(old) for old in model.parameters()}
    for module in modules:
        for name, value in list(vars(module).items()):
            if name.endswith("_hooks") and isinstance(value, dict):
                memo.update({id(hook): hook for hook in list(value.values()) if not _belongs_to(hook, modules)})
            elif isinstance(value, (Tensor, list, tuple, dict)) and name not in _OWN:
                # Results kept as attributes, such as the weight of torch.nn.utils.weight_norm: deepcopy refuses those.
                memo.update({id(t): t.detach().clone() for _, t in tensors(value) if not t.is_leaf})
    try:
        result = copy.deepcopy(model, memo)
    except Exception as error:
        raise InnerviewError(
            f"{type(model).__name__} cannot be copied ({type(error).__name__}: {error}), so it cannot be looked at "
            "while a cell is running; it can when that cell has finished"
        ) from error
    for module in result.modules():
        if is_wrapper_of_compiled(module):
            module.forward = module.get_submodule("_orig_mod").__call__  # what torch.compile wrapped
        for hooks in (module._forward_pre_hooks, module._forward_hooks):  # noqa: SLF001 - no public way
            for number in [number for number, hook in hooks.items() if is_ours(hook)]:
                del hooks[number]
    return result


class Fingerprint:
    """Sums up a model in a number that changes when a parameter, buffer or module is changed or replaced.

    It looks at identities, version counters, addresses and a few values of each tensor, the last because
    ``parameter.data.zero_()`` leaves the version counter alone; a change to other single values made through ``.data``
    is missed. Views of these values are kept from one call to the next.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._tensors: list[tuple[int, bool]] = []  # of the last call: identities, and which had a version
        self._plain: list[Tensor] = []
        self._addresses: list[int] = []
        self._probes: list[list[Tensor]] = []

    def written(self) -> int:
        """The part of it that misses what is written through ``.data``; a microsecond for each tensor."""
        return hash(tuple(self._walk()[0]))

    def __call__(self) -> int:
        """The number."""
        seen, tensors = self._walk()
        found = [(id(tensor), _version(tensor) < 0) for tensor in tensors]
        if found != self._tensors:
            self._tensors, self._plain = found, [tensor for tensor in tensors if _plain(tensor)]
        addresses = [tensor.data_ptr() for tensor in self._plain]
        if addresses != self._addresses or not self._probes:
            probes: dict[tuple[torch.device, torch.dtype], list[Tensor]] = {}
            for tensor in self._plain:
                probes.setdefault((tensor.device, tensor.dtype), []).append(_probe(tensor))
            self._addresses, self._probes = addresses, list(probes.values())
        with torch.no_grad():
            values = [torch.cat(group).view(torch.uint8).cpu().numpy().tobytes() for group in self._probes]
        return hash((tuple(seen), tuple(addresses), tuple(values)))

    def _walk(self) -> tuple[list[int], list[Tensor]]:
        """Identities of modules and tensors and versions of tensors, in one list; and the tensors."""
        seen: list[int] = []
        tensors: list[Tensor] = []
        for module in self._model.modules():
            seen.append(id(module))
            for tensor in _tensors_of(module):
                seen += (id(tensor), _version(tensor))
                tensors.append(tensor)
        return seen, tensors


def fingerprint(model: nn.Module) -> int:
    """Sum up a model in a number; see ``Fingerprint``, which is quicker from the second time on."""
    return Fingerprint(model)()


class _Buffers:
    """The values of all buffers, to be put back if a forward changes them."""

    def __init__(self, modules: list[nn.Module]) -> None:
        self._held = [(module, dict(module._buffers)) for module in modules if module._buffers]  # noqa: SLF001 - no public way to put one back
        tensors = {id(tensor): tensor for _, held in self._held for tensor in held.values() if _can_change(tensor)}
        self._tensors: list[Tensor] = [tensor for tensor in tensors.values() if tensor is not None]
        # The clones are made before it is known whether they will be needed: about 2 us a buffer.
        self._copies = [tensor.detach().clone() for tensor in self._tensors]
        self._versions = _unsafe_preserve_version_counter(tuple(self._tensors))

    def restore(self) -> None:
        versions = self._versions.prev_versions
        changed = False
        for tensor, version, held in zip(self._tensors, versions, self._copies, strict=True):
            if tensor._version != version:  # noqa: SLF001 - has no public name
                tensor.copy_(held)
                changed = True
        if changed:
            # Same values as before, so the same version: else ``fingerprint`` would report a change.
            self._versions.__exit__()
        for module, held in self._held:
            now = module._buffers  # noqa: SLF001 - no public way
            for name, tensor in held.items():
                # Only what was replaced. A buffer made by the forward stays: the model may count on it from now on.
                if type(now) is dict and name in now and now[name] is not tensor:
                    now[name] = tensor


class _Attributes:
    """Plain attributes of modules, such as an RNN's state, to be put back if a forward writes them.

    Where a tensor among them was written, all of that module are: a model that has made a table says so in a flag
    beside it. A counter alone stays. Looked at are modules of the user's own; those of torch keep state in buffers.
    """

    def __init__(self, modules: list[nn.Module]) -> None:
        own = [module for module in modules if not type(module).__module__.startswith("torch.")]
        self._held = [(vars(module), {n: v for n, v in vars(module).items() if n not in _OWN}) for module in own]
        kept = [t for _, held in self._held for value in held.values() for _, t in _inside(value)]
        self._tensors = [tensor for tensor in kept if _can_change(tensor) and _plain(tensor)]
        self._copies = [(tensor._version, tensor.detach().clone()) for tensor in self._tensors]  # noqa: SLF001 - has no public name

    def restore(self) -> None:
        for now, held in self._held:
            made = {name: value for name, value in now.items() if name not in held and name not in _OWN}
            gone = {name: value for name, value in held.items() if now.get(name, now) is not value}
            if any(True for _ in _inside([*made.values(), *gone.values(), *(now.get(name) for name in gone)])):
                for name in made:
                    del now[name]
                now.update(gone)
        for tensor, (version, values) in zip(self._tensors, self._copies, strict=True):
            if tensor._version != version:  # noqa: SLF001 - has no public name
                with torch.no_grad():
                    tensor.copy_(values)


def _inside(value: Any) -> Iterator[tuple[str, Tensor]]:
    """The tensors in an attribute: itself, or those that a list, tuple or dict holds."""
    return tensors(value) if isinstance(value, (Tensor, list, tuple, dict)) else iter(())


def _set_training(modules: list[nn.Module], *, to: bool) -> None:
    # The flag itself, not train() or eval(): some models do more in those, such as merging weights.
    for module in modules:
        held = vars(module)
        if "training" in held:
            held["training"] = to  # ten times faster than nn.Module.__setattr__
        else:
            module.training = to  # a ScriptModule


def _no_fastpath() -> Callable[[], None]:
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    return lambda: torch.backends.mha.set_fastpath_enabled(before)


def _force_eager() -> Callable[[], None]:
    # Nothing can be compiled before torch._dynamo is loaded, and loading it takes seconds.
    if "torch._dynamo.eval_frame" not in sys.modules:
        return lambda: None
    stance = torch.compiler.set_stance("force_eager")
    return lambda: stance.__exit__(None, None, None)


_INSIDE_VISIBLE = Switch(_no_fastpath)
_UNCOMPILED = Switch(_force_eager)


def _tensors_of(module: nn.Module) -> list[Tensor]:
    # As parameters() and buffers(), without their search for what occurs twice.
    return [t for t in (*module._parameters.values(), *module._buffers.values()) if t is not None]  # noqa: SLF001 - see above


def _can_change(tensor: Tensor | None) -> bool:
    # Tensors made in inference mode have no version counter and cannot be written outside of it.
    return tensor is not None and not is_lazy(tensor) and not tensor.is_inference()


def _version(tensor: Tensor) -> int:
    return -1 if is_lazy(tensor) or tensor.is_inference() else tensor._version  # noqa: SLF001 - has no public name


def _plain(tensor: Tensor) -> bool:
    """Tell a tensor with plain memory of its own to look into."""
    return (
        not is_lazy(tensor)
        and (type(tensor).__module__.startswith("torch.nn") or type(tensor) is Tensor)
        and tensor.layout == torch.strided
        and tensor.device.type != "meta"
        and not tensor.is_quantized
        and bool(tensor.numel())
    )


def _probe(tensor: Tensor) -> Tensor:
    """A view of a few values spread over a tensor's memory."""
    held = tensor.untyped_storage().nbytes() // tensor.element_size() - tensor.storage_offset()
    span = min(held, tensor.numel())
    count = min(span, _PROBES)
    # From first to last: (count - 1) steps.
    step = (span - 1) // max(count - 1, 1)
    return tensor.detach().as_strided((count,), (max(step, 1),))


def devices_of(model: nn.Module) -> set[torch.device]:
    """The devices that may have random numbers of their own."""
    if not any(backend.is_available() for backend in (torch.cuda, torch.xpu, torch.mps)):
        return set()
    return {tensor.device for module in model.modules() for tensor in _tensors_of(module)}


def _belongs_to(hook: Any, modules: list[nn.Module]) -> bool:
    """Tell a hook that is a method of one of the model's modules: its copy must belong to the copied module."""
    return isinstance(hook, MethodType) and any(hook.__self__ is module for module in modules)
