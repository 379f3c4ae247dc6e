"""The house is one-way: a module imports from its own floor or a lower one, and no files import each other."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"

# Every module and folder directly under innerview/. One that is missing here fails the test: give it a floor.
FLOORS = {
    "arguments": 0,
    "errors": 0,
    "wire": 0,
    "server_extension": 0,
    "jobs": 0,
    "analysis": 1,
    "figures": 1,
    "data": 2,
    "datasets": 2,
    "demo": 2,
    "model": 2,
    "study": 3,
    "session": 4,
    "training": 4,
    "panels": 5,
    "widgets": 6,
    "": 7,  # innerview/__init__.py, the public names
}
# Only the widgets know of the notebook.
LIBRARIES = {"anywidget": 6, "ipywidgets": 6, "IPython": 6}


def place(module):
    """The key in FLOORS of `innerview.model.layers` and the like."""
    return module.partition(".")[2].partition(".")[0]


def imports(module, source):
    """(line, full name) of all that `source` imports, also inside functions and for type checking only."""
    package = module.split(".")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # One dot is the package the module is in, each further dot the one above.
            above = package[: len(package) - node.level] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                submodule = origin == "innerview" and alias.name in FLOORS
                yield node.lineno, f"{origin}.{alias.name}" if submodule else origin


def upward(module, source):
    """What is wrong with the imports of `module`; empty if nothing is."""
    floor = FLOORS[place(module)]
    for line, name in imports(module, source):
        top = name.partition(".")[0]
        target = FLOORS.get(place(name)) if top == "innerview" else LIBRARIES.get(top, 0)
        if target is None:
            yield f"{module}, line {line}: {name} has no floor"
        elif target > floor:
            yield f"{module}, line {line}: floor {floor} imports {name} from floor {target}"


def modules():
    """(name, path) of every file of the package."""
    for path in sorted((SOURCE / "innerview").rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


def edges(sources):
    """The files that each file imports: name -> names, from name -> source."""
    graph = {}
    for module, source in sources.items():
        graph[module] = set()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                graph[module].update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                # `from package import name` reads a file of that name if there is one, else the package's own file.
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                graph[module].update(name if name in sources else node.module for name in names)
    return {module: targets & sources.keys() for module, targets in graph.items()}


def circles(graph):
    """One circle, as "a -> b -> a", for each group of files that all reach each other."""
    reached = {start: reach(graph, start) for start in graph}
    rest = {module for module in graph if module in reached[module]}
    while rest:
        start = min(rest)
        rest -= {module for module in reached[start] if start in reached[module]}
        yield " -> ".join([*path(reached[start], start), start])


def reach(graph, start):
    """All that `start` imports, directly or not: name -> the file through which a shortest way comes to it."""
    found, queue = {}, [start]
    for module in queue:
        for target in sorted(graph[module] - found.keys()):
            found[target] = module
            queue.append(target)
    return found


def path(found, start):
    """The files on the way from `start` back to itself."""
    way = [found[start]]
    while way[0] != start:
        way.insert(0, found[way[0]])
    return way


def test_every_module_has_a_floor():
    assert {place(module) for module, _ in modules()} <= FLOORS.keys()


def test_imports_run_downward():
    found = [wrong for module, path in modules() for wrong in upward(module, path.read_text())]
    assert found == []


def test_no_files_import_each_other():
    assert list(circles(edges({module: path.read_text() for module, path in modules()}))) == []


@pytest.mark.parametrize(
    "last",
    [
        "import house.a",
        "from house.a import thing",
        "from house import a",
        "def late():\n    from house.a import thing",
        "if TYPE_CHECKING:\n    from house.a import thing",
    ],
)
def test_a_circle_is_caught_and_named(last):
    sources = {"house": "", "house.a": "from house.b import x", "house.b": "from house import c", "house.c": last}
    assert list(circles(edges(sources | {"house.d": "import house.a"}))) == ["house.a -> house.b -> house.c -> house.a"]


def test_each_circle_is_named_once_and_a_diamond_is_none():
    graph = {"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set(), "e": {"f", "a"}, "f": {"e"}, "g": {"g"}}
    assert list(circles(graph)) == ["e -> f -> e", "g -> g"]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("innerview.analysis.pictures.tiles", "from innerview.model.capture import capture"),
        ("innerview.analysis.pictures.tiles", "import innerview.session.inspector"),
        ("innerview.analysis.pictures.tiles", "from innerview import training"),
        ("innerview.analysis.pictures.tiles", "from ...model import capture"),
        ("innerview.analysis.pictures.tiles", "def late():\n    from innerview.widgets import base"),
        ("innerview.model.layers", "if TYPE_CHECKING:\n    from innerview.session.inspector import Inspector"),
        ("innerview.session.inspector", "from innerview import ChannelGrid"),
        ("innerview.session.inspector", "import ipywidgets.widgets"),
        ("innerview.errors", "from innerview.analysis import tiles"),
        ("innerview.widgets.page", "import innerview"),
        ("innerview.widgets.page", "from innerview.attic import trunk"),
    ],
)
def test_an_upward_import_is_caught(module, source):
    assert len(list(upward(module, source))) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("innerview.analysis.pictures.tiles", "from innerview.errors import LayoutError\nimport torch"),
        ("innerview.analysis.pictures.tiles", "from .layout import Layout\nfrom . import layout"),
        (
            "innerview.widgets.page",
            "import anywidget\nfrom innerview import wire\nfrom innerview.jobs.worker import Job",
        ),
        ("innerview", "from innerview.widgets.explorer import explore"),
    ],
)
def test_a_downward_or_sideways_import_is_not(module, source):
    assert list(upward(module, source)) == []
