"""The golden files of tests/golden/panels.py are what panels send and answer today; tsc holds the front end to them."""

import runpy
from pathlib import Path

import pytest

from innerview.panels.channel_grid import ChannelGrid
from innerview.panels.inspector_panel import InspectorPanel
from innerview.panels.panel import Panel
from innerview.panels.weight_grid import WeightGrid

GOLDEN = Path(__file__).parents[2] / "golden"
NOT_OFFERED = {"folded", "channelAxis", "stop"}  # where the grid shows weights, which takes no time


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(GOLDEN / "panels.py"))


@pytest.fixture(scope="module")
def golden(script):
    return script["golden"]()


@pytest.mark.parametrize("name", ["frames.ts", "wants.ts"])
def test_the_golden_files_are_what_the_panels_send_and_answer(script, golden, name):
    expected = (GOLDEN / name).read_text(encoding="utf-8").splitlines()
    assert script["texts"](golden)[name].splitlines() == expected, "run python tests/golden/panels.py"


def panels(of=Panel):
    """Every kind of panel with a view."""
    for kind in of.__subclasses__():
        if kind.__module__.startswith("innerview."):
            yield from ([kind] if "view" in vars(kind) else [])
            yield from panels(kind)


def wants(kind):
    return {name.removeprefix("want_") for name in dir(kind) if name.startswith("want_")}


def test_every_want_has_a_method_and_every_method_a_want(golden):
    kinds = list(panels())
    assert {kind.view for kind in kinds} == set(golden.wants)
    shared = wants(InspectorPanel)
    for kind in kinds:
        asked = set(golden.wants[kind.view]) - (NOT_OFFERED if kind is WeightGrid else set())
        assert asked <= wants(kind)
        # What every inspector's panel can be asked, each view asks for as far as it has a use for it.
        assert wants(kind) - asked <= (shared if issubclass(kind, InspectorPanel) else set())
    assert wants(ChannelGrid) - wants(WeightGrid) - shared == NOT_OFFERED - shared
    assert shared <= {key for asked in golden.wants.values() for key in asked}
