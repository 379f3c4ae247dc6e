"""The status of a module: its output can be seen, or the reason why not."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import torch
from torch import nn

from innerview.model.passes import Passes

if TYPE_CHECKING:
    from collections.abc import Mapping


class Status(str, Enum):
    """The status of a layer. Each member is also its text, for tables and messages."""

    SEEN = "seen"
    NEVER_CALLED = "never called"
    NO_TENSOR = "no tensor output"
    COMPILED = "inside a compiled module"
    SCRIPTED = "inside a scripted module"

    def __str__(self) -> str:
        return self.value


def why_never_called(modules: Mapping[str, nn.Module], path: str, counts: Mapping[str, int]) -> tuple[Status, str]:
    """Explain why a module's hooks did not run during a forward: its status, and a sentence for the reader.

    ``modules`` are all of the model by path, itself under ""; ``counts`` says how often those listened to were called.
    """
    for holder in (*reversed(above(path)), ""):
        module = modules.get(holder)
        if isinstance(module, torch.jit.ScriptModule):
            return Status.SCRIPTED, f"{_named(holder)} is a TorchScript module: what runs inside it cannot be seen"
        if _is_opaque(modules, holder, counts):
            return Status.COMPILED, f"{_named(holder)} was compiled ahead of time: what runs inside it cannot be seen"
    module = modules[path]
    if isinstance(module, (nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)):
        return Status.NEVER_CALLED, f"a {type(module).__name__} only holds others and is never called itself"
    parent = path.rpartition(".")[0]
    if isinstance(modules.get(parent), nn.MultiheadAttention):
        return Status.NEVER_CALLED, "never called: nn.MultiheadAttention uses its weights without calling it"
    return Status.NEVER_CALLED, "never called in this forward (in evaluation mode)"


def ran_uncompiled(modules: Mapping[str, nn.Module], path: str, counts: Mapping[str, int]) -> bool:
    """Tell a module that is compiled, or sits in a compiled one, and nevertheless ran as plain Python."""
    return any(
        is_compiled(modules[name]) and not _is_opaque(modules, name, counts)
        for name in (path, *above(path), "")
        if name in modules
    )


def is_compiled(module: nn.Module) -> bool:
    """Tell a module compiled by ``module.compile()`` or returned by ``torch.compile(module)``."""
    compiled = vars(module).get("_compiled_call_impl")
    return is_wrapper_of_compiled(module) or not (compiled is None or isinstance(compiled, Passes))


def is_wrapper_of_compiled(module: nn.Module) -> bool:
    """Tell a module returned by ``torch.compile(module)``."""
    # The class name, not isinstance: importing torch._dynamo takes seconds.
    return type(module).__name__ == "OptimizedModule"


def _is_opaque(modules: Mapping[str, nn.Module], path: str, counts: Mapping[str, int]) -> bool:
    """Tell a wrapper that did not call what it wraps: code compiled ahead of time, which nothing turns off."""
    if path not in modules or not is_wrapper_of_compiled(modules[path]):
        return False
    was_called = counts.get(path, 1) > 0  # the model itself is not counted: it was called
    return was_called and counts.get(f"{path}._orig_mod".lstrip(".")) == 0


def above(path: str) -> list[str]:
    """Return the paths that hold a path, outermost first, without the model itself."""
    parts = path.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _named(path: str) -> str:
    return repr(path) if path else "the model"
