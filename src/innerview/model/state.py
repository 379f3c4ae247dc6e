"""Running a model without leaving a trace: its state kept, copied apart, or summed up in a number."""

from __future__ import annotations

import copy
import sys
from contextlib import ExitStack, contextmanager
from types import MethodType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from innerview.errors import InnerviewError
from innerview.model.attributes import OF_EVERY_MODULE, Attributes
from innerview.model.averages import stands_in
from innerview.model.calls import is_ours
from innerview.model.gradients import as_needed
from innerview.model.held import is_plain, tensors_of, version
from innerview.model.outputs import tensors
from innerview.model.passes import looking
from innerview.model.randomness import kept
from innerview.model.settings import settings_kept
from innerview.model.status import is_wrapper_of_compiled
from innerview.model.switch import Switch
from innerview.model.weights import as_known, weights_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PROBES = 8


@contextmanager
def quiet(model: nn.Module, *, restore_rng: bool = True) -> Iterator[Callable[[], None]]:
    """Run a model in evaluation mode without gradients, and put everything back afterwards; one ``quiet`` at a time.

    Put back also when the body raises: each module's train/eval flag, the values of all buffers (also of a module that
    ignores evaluation mode) and of parameters that the forward writes, gradients, attributes, settings of torch, and
    the random state of torch (CPU and the model's devices), Python and NumPy. Meanwhile ``torch.compile``'d code runs
    uncompiled and the fast path of ``nn.TransformerEncoder`` is off, since both pass by the modules inside. What
    watches the model's passes is not told of those made here.

    ``restore_rng`` is False while another thread is training: rewinding the shared random state, or uncompiling its
    code, would change that training. Use it with ``snapshot``.

    Yields:
        A function that puts buffers and attributes back, to be called between two forwards.
    """
    modules = list(model.modules())
    with ExitStack() as undo:
        undo.enter_context(looking())
        undo.enter_context(settings_kept())
        undo.enter_context(_INSIDE_VISIBLE.held())
        undo.enter_context(as_needed(model))
        if restore_rng:
            undo.enter_context(_UNCOMPILED.held())
            undo.enter_context(kept(devices_of(model)))
        modes = _Modes(modules)
        undo.callback(modes.restore)
        modes.evaluate()
        for module in modules:
            if isinstance(module, nn.DataParallel) and len(module.device_ids) > 1:
                # On several GPUs its replicas run on threads of their own, where no hook of ours listens.
                undo.callback(setattr, module, "device_ids", module.device_ids)
                module.device_ids = module.device_ids[:1]
        attributes = Attributes(modules)
        values = undo.enter_context(weights_kept(model, modules, attributes.tensors))

        def settle() -> None:
            values.restore()
            attributes.restore()
            modes.evaluate()

        undo.callback(settle)
        yield settle


class _Modes:
    """The train/eval flags of modules.

    The flags themselves, not train() or eval(): some models do more in those, such as merging weights.
    """

    def __init__(self, modules: list[nn.Module]) -> None:
        # Written where they are held: ten times faster than nn.Module.__setattr__. A ScriptModule's are elsewhere.
        self._held = [held for module in modules if "training" in (held := vars(module))]
        self._scripted = [module for module in modules if "training" not in vars(module)]
        self._were = [held["training"] for held in self._held], [module.training for module in self._scripted]

    def evaluate(self) -> None:
        """Switch all to evaluation mode."""
        for held in self._held:
            held["training"] = False
        for module in self._scripted:
            module.training = False

    def restore(self) -> None:
        """Put the flags back."""
        for held, training in zip(self._held, self._were[0], strict=True):
            held["training"] = training
        for module, training in zip(self._scripted, self._were[1], strict=True):
            module.training = training


def cloned(parameter: nn.Parameter) -> nn.Parameter:
    """A parameter of the same values, for ``snapshot``; one that is not made yet is left as it is."""
    return parameter if is_lazy(parameter) else nn.Parameter(parameter.detach().clone(), parameter.requires_grad)


def snapshot(model: nn.Module, parameter: Callable[[nn.Parameter], nn.Parameter] = cloned) -> nn.Module:
    """Copy a model, so that the copy can be run while another thread is training it.

    The user's hooks are kept, and run for the copy too; ours are not, nor what was compiled. ``parameter`` says what
    stands in the copy for a parameter; a ScriptModule's are copied.

    Raises:
        InnerviewError: the model holds something that cannot be copied.
    """
    modules = list(model.modules())
    memo: dict[int, Any] = {id(old): parameter(old) for old in model.parameters()}
    for module in modules:
        for name, value in list(vars(module).items()):
            if name.endswith("_hooks") and isinstance(value, dict):
                memo.update({id(hook): hook for hook in list(value.values()) if not _belongs_to(hook, modules)})
            elif isinstance(value, (Tensor, list, tuple, dict)) and name not in OF_EVERY_MODULE:
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
        _remove_ours(module)
    as_known(result, model)
    return result


def _remove_ours(module: nn.Module) -> None:
    """Take off a copied module what belongs to the original alone, and what was compiled."""
    if is_wrapper_of_compiled(module):
        module.forward = module.get_submodule("_orig_mod").__call__  # what torch.compile wrapped
    elif stands_in(vars(module).get("forward")):
        del module.forward
    for hooks in (module._forward_pre_hooks, module._forward_hooks):  # noqa: SLF001 - no public way
        for number in [number for number, hook in hooks.items() if is_ours(hook)]:
            del hooks[number]


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
        found = [(id(tensor), version(tensor) < 0) for tensor in tensors]
        if found != self._tensors:
            self._tensors, self._plain = found, [tensor for tensor in tensors if is_plain(tensor)]
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
            for tensor in tensors_of(module):
                seen += (id(tensor), version(tensor))
                tensors.append(tensor)
        return seen, tensors


def fingerprint(model: nn.Module) -> int:
    """Sum up a model in a number; see ``Fingerprint``, which is quicker from the second time on."""
    return Fingerprint(model)()


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
    return {tensor.device for module in model.modules() for tensor in tensors_of(module)}


def _belongs_to(hook: Any, modules: list[nn.Module]) -> bool:
    """Tell a hook that is a method of one of the model's modules: its copy must belong to the copied module."""
    return isinstance(hook, MethodType) and any(hook.__self__ is module for module in modules)
