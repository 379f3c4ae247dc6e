"""The fourth lesson runs from top to bottom, and says what its text says."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

LESSON = Path(__file__).resolve().parents[3] / "notebooks" / "04-training.ipynb"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the kernel client
def test_from_top_to_bottom():
    notebook = nbformat.read(LESSON, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    NotebookClient(notebook, timeout=280, resources={"metadata": {"path": str(LESSON.parent)}}).execute()

    def text(cell):
        (found,) = [one for one in notebook.cells if one.id == cell]
        return "".join(part.get("text", "") or part["data"].get("text/plain", "") for part in found.outputs)

    assert text("diagnose").rstrip().endswith("[]")
    assert "hardly depend on the input" in text("why")
    assert text("fixed-numbers").rstrip().endswith("[]")
    assert int(text("died").split("%")[0]) < 20
    assert "never above zero" in text("died")
    assert 'learning rate times 0.1 after the finding "learning rate"' in text("saved")
    # On any processor: of 36 runs by other seeds and other kernels the least is 82 %.
    assert int(text("saved").split("%")[0]) > 70
