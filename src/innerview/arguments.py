"""Arguments that a function does not take, or that make no sense, are refused by name, with what would have worked."""

from __future__ import annotations

import functools
import inspect
from difflib import get_close_matches
from numbers import Integral
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from innerview.errors import InnerviewError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

P = ParamSpec("P")
R = TypeVar("R")


def nearest(name: object, names: Iterable[str]) -> str:
    """The name that was probably meant, as the end of a message: "; did you mean 'lr'?", or "" if none is near."""
    near = get_close_matches(str(name).lower(), list(names), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def refuse_unknown(name: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise a TypeError for the first keyword given to ``name`` that is not known; it offers the nearest known one."""
    takes = list(known)
    for keyword in given:
        if keyword not in takes:
            offer = nearest(keyword, takes) or f"; it takes {', '.join(takes) or 'none'}"
            raise TypeError(f"{name} takes no argument {keyword!r}{offer}")


def refuse_unknown_to(view: object, given: Iterable[str], also: Iterable[str] = ("layout",)) -> None:
    """Raise a TypeError for the first keyword that neither a widget's classes take nor ``also`` has, as traits."""
    kind = type(view)
    own = [base for base in kind.__mro__ if base.__module__.startswith("innerview.") and "__init__" in vars(base)]
    names = [
        p.name for base in own for p in inspect.signature(base.__init__).parameters.values() if p.kind != p.VAR_KEYWORD
    ]
    refuse_unknown(kind.__name__, given, [*dict.fromkeys(name for name in names if name != "self"), *also])


def strict(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function so that a misspelt keyword is answered with the nearest one that it takes.

    Its parameters are those that ``inspect.signature`` tells of, without ``self``.
    """
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(function).parameters.values()
    names = [parameter.name for parameter in parameters if parameter.name != "self" and parameter.kind in named]
    shown = function.__qualname__.removesuffix(".__init__")

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        refuse_unknown(shown, kwargs, names)
        return function(*args, **kwargs)

    return checked


def whole(name: str, value: Any, least: int, what: str, *, optional: bool = False) -> None:
    """Raise InnerviewError unless a value is a number of ``what`` from ``least`` on, or None where optional."""
    if (optional and value is None) or (
        isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least
    ):
        return
    hint = (
        f"; of {len(value)} things give their number, {name}={len(value)}" if isinstance(value, (list, tuple)) else ""
    )
    none = ", or None" if optional else ""
    raise InnerviewError(f"{name}={value!r:.80}: a number of {what} from {least}{none}{hint}")
