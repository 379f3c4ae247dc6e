"""Keyword arguments that a function does not take are refused by name, with the nearest one that it takes."""

from __future__ import annotations

import functools
import inspect
from difflib import get_close_matches
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

P = ParamSpec("P")
R = TypeVar("R")


def refuse_unknown(name: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise for the first keyword that is not known.

    Args:
        name: of the function or class, for the message.
        given: the keywords of the call.
        known: the keywords that it takes.

    Raises:
        TypeError: there is an unknown one; the message offers the nearest that would have worked.
    """
    takes = list(known)
    for keyword in given:
        if keyword not in takes:
            near = get_close_matches(keyword, takes, 1)
            offer = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(takes) or 'none'}"
            raise TypeError(f"{name} takes no argument {keyword!r}; {offer}")


def strict(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function so that a misspelt keyword is answered with the nearest one that it takes.

    Its parameters are those that ``inspect.signature`` tells of, without ``self``.
    """
    parameters = list(inspect.signature(function).parameters.values())
    names = [parameter.name for parameter in parameters if parameter.name != "self"]
    shown = function.__qualname__.removesuffix(".__init__")

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        refuse_unknown(shown, kwargs, names)
        return function(*args, **kwargs)

    return checked
