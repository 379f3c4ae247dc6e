"""Every tensor that innerview makes has the type and place stated, not those that the user has made the default."""

import ast
from pathlib import Path

import pytest
import torch
from torch import nn

import innerview
from innerview.session.inspector import Inspector

SOURCE = Path(innerview.__file__).parent
MAKERS = {
    *(
        "zeros",
        "ones",
        "empty",
        "full",
        "eye",
        "arange",
        "range",
        "linspace",
        "logspace",
        "empty_strided",
        "tril_indices",
    ),
    *("tensor", "as_tensor", "asarray", "scalar_tensor", "complex", "polar", "triu_indices", "from_file", "frombuffer"),
    *("rand", "randn", "randint", "randperm", "normal", "hann_window", "hamming_window", "bartlett_window"),
}
# The user's own numbers, which have a type already.
BY_ITS_ARGUMENT = {("data/forms.py", "as_tensor")}


def calls(tree):
    """Calls of ``torch.<name>(...)``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            holder = node.func.value
            if isinstance(holder, ast.Name) and holder.id == "torch":
                yield node.func.attr, node


def left_to_defaults(path, name, call):
    """What a call leaves to the defaults of the moment."""
    given = {keyword.arg for keyword in call.keywords}
    if name == "where" and all(isinstance(ast.unparse(value) and _number(value), float) for value in call.args[1:]):
        return {"dtype"}
    if name not in MAKERS or None in given:  # **how
        return set()
    return {"dtype", "device"} - given - ({"dtype"} if (path, name) in BY_ITS_ARGUMENT else set())


def _number(node):
    """The number that is written there; None for anything else."""
    try:
        return float(ast.literal_eval(node))
    except (ValueError, TypeError):
        return None


@pytest.mark.parametrize("file", sorted(SOURCE.rglob("*.py")), ids=lambda file: file.relative_to(SOURCE).as_posix())
def test_a_tensor_that_is_made_states_its_type_and_its_place(file):
    path, tree = file.relative_to(SOURCE).as_posix(), ast.parse(file.read_text(encoding="utf-8"))
    found = [(name, call, left_to_defaults(path, name, call)) for name, call in calls(tree)]
    assert not [f"line {call.lineno}: torch.{name} without {missing}" for name, call, missing in found if missing]
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "torch"]
    assert not [alias.name for node in imported for alias in node.names if alias.name in MAKERS]


def answers(inspector):
    """What is answered to each question, as nested lists."""
    *_, predictions = inspector.predict()
    similarity = inspector.similarity("0"), inspector.similarity("0", rank=4), inspector.similarity("0", 3)
    found = {
        "look": inspector.look("0", 3).values,
        "activations": inspector.activations("0", [0, 1]),
        "pca": inspector.embed("0").points,
        "tsne": inspector.embed("0", "tsne").points,
        "quality": [str(inspector.quality("0", k=3)), str(inspector.quality("0", "pca", k=3))],
        "similarity": [str(one) for one in similarity],
        "compressed": [inspector.compress("0", 2, basis).accuracy for basis in ("pca", "random", "quantise")],
        "over all": inspector.compress("0", 30, "pca", "all").accuracy,
        "predicted": predictions.predicted,
        "loss": predictions.loss,
    }
    return {name: value.tolist() if hasattr(value, "tolist") else value for name, value in found.items()}


@pytest.fixture
def asked(monkeypatch):
    """Asks everything of the same model on the same data, in batches that do not depend on the clock.

    The last bits of a loss depend on the size of its batch.
    """
    monkeypatch.setattr("innerview.jobs.worker._STEP_SECONDS", 60.0)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(256, 10))
    data = torch.rand(40, 1, 8, 8), torch.arange(40) % 10

    def ask():
        with Inspector(model, data, baseline="untrained") as inspector:
            return answers(inspector)

    return ask


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16], ids=str)
def test_answers_do_not_depend_on_the_default_type(asked, dtype):
    expected = asked()
    try:
        torch.set_default_dtype(dtype)
        assert asked() == expected
    finally:
        torch.set_default_dtype(torch.float32)


def test_answers_do_not_depend_on_the_default_device(asked):
    expected = asked()
    with torch.device("meta"):
        assert asked() == expected


def test_a_model_and_its_data_keep_the_users_default_type():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.fc = nn.Linear(6, 4), nn.Linear(4, 3)

        def forward(self, x):
            return self.fc(self.inner(x) + torch.ones(4))  # of the default type, as the weights

    try:
        torch.set_default_dtype(torch.float64)
        with Inspector(Net(), (torch.rand(20, 6), torch.arange(20) % 3)) as inspector:
            assert inspector.layers["inner"].dtype == "float64"
            assert inspector.embed("inner").points.shape == (20, 2)
            assert inspector.compress("inner", 2).accuracy is not None
            assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
