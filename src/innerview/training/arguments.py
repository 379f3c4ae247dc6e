"""Arguments that make no sense are rejected where they are given, by name, with what would have worked."""

from __future__ import annotations

from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, signature
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeVar

from innerview.errors import InnerviewError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from typing_extensions import ParamSpec

    P = ParamSpec("P")
T = TypeVar("T")


def nearest(name: object, names: Iterable[str]) -> str:
    """Return the name that was probably meant, as the end of a message: "; did you mean 'lr'?", or ""."""
    near = get_close_matches(str(name).lower(), list(names), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def spelt(function: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function to reject misspelt keyword arguments with the nearest of those that it has.

    The decorated function raises TypeError for a keyword argument that it does not have.
    """
    kinds = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    names = [name for name, one in signature(function).parameters.items() if name != "self" and one.kind in kinds]
    called = function.__qualname__.removesuffix(".__init__")

    @wraps(function)
    def call(*args: P.args, **options: P.kwargs) -> T:
        for name in options:
            if name not in names:
                raise TypeError(f"{called}({', '.join(names)}) has no {name!r}{nearest(name, names)}")
        return function(*args, **options)

    return call


def whole(name: str, value: Any, least: int, what: str, *, optional: bool = False) -> None:
    """Check that an argument is a whole number.

    Args:
        name: of the argument.
        value: that was given.
        least: the smallest that makes sense.
        what: is counted, to be read after "a number of".
        optional: None is accepted, too.

    Raises:
        InnerviewError: it is not.
    """
    if (optional and value is None) or (
        isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least
    ):
        return
    hint = (
        f"; of {len(value)} things give their number, {name}={len(value)}" if isinstance(value, (list, tuple)) else ""
    )
    none = ", or None" if optional else ""
    raise InnerviewError(f"{name}={value!r:.80}: a number of {what} from {least}{none}{hint}")
