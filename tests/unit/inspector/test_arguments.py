"""Every public entry point refuses a misspelt keyword by name, and offers the nearest."""

import inspect

import pytest
import torch

import innerview as iv
from innerview.arguments import refuse_unknown, strict

MODEL = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))


def public():
    """(name, callable, positional arguments that it needs) of all that a user calls."""
    for name in iv.__all__:
        made = getattr(iv, name)
        if callable(made) and not (isinstance(made, type) and issubclass(made, (Exception, tuple))):
            yield name, made
    for owner in (iv.Inspector, iv.Monitor):
        for name, method in inspect.getmembers(owner, inspect.isfunction):
            if not name.startswith("_") and method.__module__.startswith("innerview."):
                yield f"{owner.__name__}.{name}", method


def keywords(function):
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [
        p.name
        for p in parameters
        if p.kind is p.KEYWORD_ONLY or (p.default is not p.empty and p.kind is not p.VAR_KEYWORD)
    ]


def needed(function):
    """What a view has to be given before it looks at its keywords."""
    is_view = isinstance(function, type) and "inspector" in list(inspect.signature(function).parameters)[:1]
    return [iv.Inspector(MODEL, torch.rand(4, 8, 8))] if is_view else []


# What a step is told are metrics of the user's own, under any name.
PUBLIC = [(name, function) for name, function in public() if keywords(function) and name != "Monitor.step"]


def test_there_are_some():
    assert {"explore", "Inspector", "Inspector.embed", "Inspector.quality", "Monitor"} <= {name for name, _ in PUBLIC}


@pytest.mark.parametrize(("name", "function"), PUBLIC, ids=[name for name, _ in PUBLIC])
def test_a_misspelt_keyword_is_refused_by_name(name, function):
    right = keywords(function)[-1]
    wrong = right[:-1] + right[-1] * 2
    with pytest.raises(TypeError, match=rf"(?s){wrong}.*{right}"):
        function(*needed(function), **{wrong: 1})


def test_no_public_function_swallows_what_it_does_not_know():
    swallowing = {
        name
        for name, function in PUBLIC
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.VAR_KEYWORD
    }
    # A view passes its layout on to ipywidgets.
    public_names = {name: getattr(iv, name) for name in iv.__all__}
    views = {name for name, made in public_names.items() if isinstance(made, type) and hasattr(made, "observe")}
    assert swallowing <= views


def test_the_nearest_is_offered_else_all():
    @strict
    def asked(samples=1, seed=2):
        return samples + seed

    assert asked(seed=3) == 4
    with pytest.raises(TypeError, match=r"asked takes no argument 'sampels'; did you mean 'samples'\?"):
        asked(sampels=3)
    with pytest.raises(TypeError, match="f takes no argument 'x'; it takes a, b"):
        refuse_unknown("f", ["x"], ["a", "b"])
