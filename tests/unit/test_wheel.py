"""The wheel is whole: front end, server configuration, and nothing that needs Node to install."""

import email
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import innerview

REPOSITORY = Path(__file__).resolve().parents[2]
STATIC = REPOSITORY / "src" / "innerview" / "static"
VIEWS = {path.stem for path in (REPOSITORY / "js" / "src" / "views").glob("*.ts")}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def without_node(tmp_path_factory):
    """The environment of a machine that has no Node: nothing but the essentials on its PATH."""
    return {"PATH": str(tmp_path_factory.mktemp("no-node")), "HOME": str(tmp_path_factory.mktemp("home"))}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory, without_node):
    # The front end is built already (`make setup`), and then building the wheel does not need Node either.
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(REPOSITORY)]
    built = subprocess.run(command, env=without_node, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = out.glob("innerview-*.whl")
    return wheel


@pytest.fixture(scope="module")
def contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_holds_the_built_front_end(contents):
    held = {Path(name).name: text for name, text in contents.items() if name.startswith("innerview/static/")}
    assert held == {path.name: path.read_bytes() for path in STATIC.iterdir()}
    manifest = json.loads(held["manifest.json"])
    assert manifest.keys() == VIEWS | {"style"}
    for name in [*manifest.values(), "widget.js"]:
        assert len(held[name]) > 100, name


def test_it_turns_the_server_extension_on(contents):
    (name,) = (
        name for name in contents if name.endswith(".data/data/etc/jupyter/jupyter_server_config.d/innerview.json")
    )
    assert json.loads(contents[name]) == {"ServerApp": {"jpserver_extensions": {"innerview.server_extension": True}}}


def test_it_holds_every_module_and_nothing_else(contents):
    sources = {str(path.relative_to(REPOSITORY / "src")) for path in (REPOSITORY / "src").rglob("*.py")}
    assert {name for name in contents if name.endswith(".py")} == sources
    assert {name.split("/")[0].split("-")[0] for name in contents} == {"innerview"}


def test_it_works_on_any_platform(contents):
    (name,) = (name for name in contents if name.endswith(".dist-info/WHEEL"))
    assert b"Tag: py3-none-any" in contents[name]


def test_it_installs_and_is_found_by_jupyter_without_node(wheel, without_node, tmp_path):
    # A real installation in an environment of its own; its packages come from this one.
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(pip, check=True, env=without_node)
    (site,) = (environment / "lib").glob("python*/site-packages")
    ours = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "borrowed.pth").write_text(ours)

    installed = site / "innerview"
    assert {path.name for path in (installed / "static").iterdir()} == {path.name for path in STATIC.iterdir()}

    where = "import innerview.server_extension as module; print(module.__file__)"
    found = subprocess.run([python, "-c", where], check=True, env=without_node, capture_output=True, text=True)
    assert Path(found.stdout.strip()) == installed / "server_extension.py"

    extensions = [python, "-m", "jupyter_server.extension.serverextension", "list"]
    listed = subprocess.run(extensions, check=True, env=without_node, capture_output=True, text=True)
    colourless = re.sub(r"\x1b\[\d*m", "", listed.stdout + listed.stderr)
    assert re.search(r"^ *innerview\.server_extension +enabled$", colourless, re.MULTILINE), colourless
    assert re.search(r"^ *innerview\.server_extension +OK$", colourless, re.MULTILINE), colourless


def test_its_version_is_the_one_that_the_package_says(contents):
    (name,) = (name for name in contents if name.endswith(".dist-info/METADATA"))
    assert email.message_from_bytes(contents[name])["Version"] == innerview.__version__
