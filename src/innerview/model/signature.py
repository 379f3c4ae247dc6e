"""What a model's forward takes, read through what wraps the model."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import nn

_WRAPPED = ("module", "_orig_mod", "base_model")  # DataParallel and its kind, torch.compile, PEFT


class Takes(NamedTuple):
    """The parameters of a forward.

    Attributes:
        positional: names of those that can be given by position, in order.
        required: names of those of them that have no default.
        named: names of all that can be given by name.
        known: whether they could be read.
    """

    positional: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    named: frozenset[str] = frozenset()
    known: bool = False


def takes(model: nn.Module) -> Takes:
    """Read the signature of a model's forward; that of the wrapped model where the wrapper passes on what it is given.

    Args:
        model: any module, in ``nn.DataParallel``, compiled, averaged, sharded, or not.
    """
    for module in _inwards(model):
        try:
            parameters = inspect.signature(module.forward).parameters.values()
        except (TypeError, ValueError):
            continue
        own = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        # A wrapper's own parameters, if any, are switches of its own: what it takes for the model is *args.
        if any(p.kind == p.VAR_POSITIONAL for p in parameters) and _inside(module) is not None:
            continue
        positional = [p for p in own if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        return Takes(
            tuple(p.name for p in positional),
            tuple(p.name for p in positional if p.default is p.empty),
            frozenset(p.name for p in own if p.kind != p.POSITIONAL_ONLY),
            known=bool(own),
        )
    return Takes()


def _inwards(model: nn.Module) -> list[nn.Module]:
    modules = [model]
    while (inner := _inside(modules[-1])) is not None and inner not in modules:
        modules.append(inner)
    return modules


def _inside(model: nn.Module) -> nn.Module | None:
    held = dict(model.named_children())  # a ScriptModule's are in no dict
    return next((held[name] for name in _WRAPPED if name in held), None)
