"""What a Monitor is given, as it is meant, or refused in a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import TYPE_CHECKING, Any

from innerview.arguments import whole
from innerview.errors import InnerviewError
from innerview.training.watcher import unwrapped

if TYPE_CHECKING:
    from torch import nn


def number_of_classes(classes: Any) -> int | None:
    """Return how many classes there are, by their number or their names; an InnerviewError for anything else."""
    if classes is None or isinstance(classes, Integral):
        whole("classes", classes, 2, "classes", optional=True)
        return None if classes is None else int(classes)
    names = list(classes) if isinstance(classes, Iterable) and not isinstance(classes, str) else []
    if len(names) < 2 or not all(isinstance(name, str) for name in names):  # noqa: PLR2004 - one class needs no guess
        raise InnerviewError(
            f"classes={classes!r:.80}: the number of classes from 2, or their names, such as ['cat', 'dog']; None if "
            "there are none"
        )
    return len(names)


def the_optimizers(optimizer: Any, model: nn.Module) -> tuple[Any, ...]:
    """Return the optimizers that were given, as a tuple; an InnerviewError for what is none, or trains nothing here."""
    if optimizer is None:
        return ()
    one = isinstance(optimizer, str) or not isinstance(optimizer, Iterable)
    given: tuple[Any, ...] = (optimizer,) if one else tuple(optimizer)
    if not given:
        raise InnerviewError(f"optimizer={optimizer!r}: there is none in it; give one, several, or None")
    own = {id(parameter) for parameter in model.parameters()}
    for each in given:
        kind = type(each).__name__
        if not hasattr(each, "param_groups"):
            raise InnerviewError(
                f"optimizer={each!r:.80}: an optimizer is watched, or several, as in optimizer=[one, two], not a {kind}"
            )
        trained = [parameter for group in each.param_groups for parameter in group["params"]]
        if not any(id(parameter) in own for parameter in trained):
            more = "" if one else "; give only those that train it"
            raise InnerviewError(
                f"optimizer: this {kind} trains {len(trained)} parameters, none of which belongs to the monitored "
                f"{type(unwrapped(model)).__name__}; give the one that was made from its parameters(){more}"
            )
    return given
