"""The lessons where MNIST and torchvision are missing: the cells that want them say so, and those after them run.

Headless, since the browser tests run the lessons in full; and only the cells that want them, with those they need.
"""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of the kernel client

LESSONS = Path(__file__).resolve().parents[2] / "notebooks"
MISSING = """
import os, sys
os.environ["INNERVIEW_MNIST"] = "there/is/no/such/folder"
sys.modules["torchvision"] = None  # as if it were not installed
"""
CELLS = {
    "01-quickstart": ["digits", "network", "train", "explore", "mnist", "lenet", "resnet"],
    "02-embeddings": ["train", "mnist", "mlp", "published", "lenet", "resnet", "resnet-picture"],
    "03-compression": ["train", "mnist", "resnet", "table", "wrong"],
}
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.mark.parametrize("lesson", CELLS)
def test_a_lesson(lesson, tmp_path):
    notebook = nbformat.read(LESSONS / f"{lesson}.ipynb", as_version=4)
    chosen = {cell.id: cell for cell in notebook.cells if cell.id in CELLS[lesson]}
    assert list(chosen) == CELLS[lesson]
    notebook.cells = [nbformat.v4.new_code_cell(MISSING), *chosen.values()]
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()

    said = {name: "".join(part.get("text", "") for part in cell.outputs) for name, cell in chosen.items()}
    shown = [name for name, cell in chosen.items() for part in cell.outputs if WIDGET in part.get("data", {})]
    assert "no MNIST here: neither there/is/no/such/folder" in said["mnist"]
    if "torchvision" in chosen["resnet"].source:
        assert "torchvision cannot be used here" in said["resnet"]
    assert shown == [name for name in ("explore",) if name in chosen]
