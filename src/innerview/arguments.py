"""Keyword arguments: a misspelt one is rejected by name, with the nearest of those that there are."""

from __future__ import annotations

from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def nearest(name: object, names: Iterable[str]) -> str:
    """Return the name that was probably meant, as the end of a message: "; did you mean 'lr'?", or ""."""
    near = get_close_matches(str(name).lower(), list(names), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def spelt(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Decorate a function to reject misspelt keyword arguments with the nearest of those that it has.

    The decorated function raises TypeError for a keyword argument that it does not have.
    """
    kinds = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    names = [name for name, one in signature(function).parameters.items() if name != "self" and one.kind in kinds]
    called = function.__qualname__.removesuffix(".__init__")

    @wraps(function)
    def call(*args: Arguments.args, **options: Arguments.kwargs) -> Result:
        for name in options:
            if name not in names:
                raise TypeError(f"{called}({', '.join(names)}) has no {name!r}{nearest(name, names)}")
        return function(*args, **options)

    return call
