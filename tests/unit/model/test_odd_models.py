"""Models of unusual habits: each public question is answered or refused in a sentence, and nothing is left behind."""

import pytest
import torch
from torch import nn

import innerview as iv
from innerview.errors import InnerviewError

X = torch.rand(24, 6, generator=torch.Generator().manual_seed(0))
Y = torch.arange(24) % 3


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.hidden, self.out = nn.Linear(6, 6), nn.Linear(6, 3)

    def forward(self, x):
        return self.out(self.hidden(x).relu())


class InferenceMode(Base):
    @torch.inference_mode()
    def forward(self, x):
        return super().forward(x)


class Differentiates(Base):
    def forward(self, x):
        x = x.detach().requires_grad_()
        return super().forward(x) - torch.autograd.grad(self.hidden(x).tanh().sum(), x)[0][:, :3]


class GoesBackward(Base):
    def forward(self, x):
        output = super().forward(x)
        output.sum().backward()
        return output


class KeepsState(Base):
    def __init__(self):
        super().__init__()
        self.state, self.pair, self.memory = 0, (None, None), torch.zeros(6)

    def forward(self, x):
        self.state = self.state + self.hidden(x)
        self.pair = (self.state, x)
        self.memory += 1
        self.new = x
        return self.out(self.state)


class MakesATable(Base):
    """Says in a flag that its table is there; one without the other would break the next forward."""

    made = False

    def forward(self, x):
        if not self.made:
            self.table, self.made = torch.ones(6), True
        return super().forward(x * self.table)


class Sparse(Base):
    def forward(self, x):
        return super().forward(self.sparse(x).to_dense())

    def __init__(self):
        super().__init__()
        self.sparse = ToSparse()


class ToSparse(nn.Module):
    def forward(self, x):
        return x.to_sparse()


class Complex(Base):
    def __init__(self):
        super().__init__()
        self.sparse = Spectrum()

    def forward(self, x):
        return super().forward(self.sparse(x).abs())


class Spectrum(nn.Module):
    def forward(self, x):
        return torch.fft.fft(x)


class NoAverages(Base):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(6, track_running_stats=False)

    def forward(self, x):
        return super().forward(self.norm(x))


class NoValues(Base):
    def __init__(self):
        with torch.device("meta"):
            super().__init__()


MODELS = [
    Base,
    InferenceMode,
    Differentiates,
    GoesBackward,
    KeepsState,
    MakesATable,
    Sparse,
    Complex,
    NoAverages,
    NoValues,
]
QUESTIONS = {
    "look": lambda inspector, layer: inspector.look(layer, 0),
    "activations": lambda inspector, layer: inspector.activations(layer, [0, 5]),
    "embed": lambda inspector, layer: inspector.embed(layer),
    "quality": lambda inspector, layer: inspector.quality(layer, k=3),
    "similarity": lambda inspector, layer: inspector.similarity(layer),
    "compress": lambda inspector, layer: inspector.compress(layer, 2),
    "predict": lambda inspector, _: list(inspector.predict()),
}
# What each cannot be asked; all else gives a result.
REFUSED = {
    Sparse: {"compress"},
    Complex: {"embed", "quality", "similarity", "compress"},
    NoValues: set(QUESTIONS),
}


@pytest.mark.parametrize("kind", MODELS)
def test_a_result_or_a_sentence_and_nothing_left_behind(kind):
    model = kind()
    layer = next((name for name in ("sparse", "norm") if hasattr(model, name)), "hidden")
    before = {name: value for name, value in vars(model).items() if not name.startswith("_")}
    memory = model.memory.clone() if kind is KeepsState else None
    with iv.Inspector(model, (X, Y)) as inspector:
        assert len(inspector.layers) >= 2
        for name, ask in QUESTIONS.items():
            if name in REFUSED.get(kind, set()):
                with pytest.raises(InnerviewError) as caught:
                    ask(inspector, layer)
                assert len(str(caught.value)) > 30
            else:
                ask(inspector, layer)
            assert (torch.zeros(2) + 1).tolist() == [1, 1]
            assert torch.is_grad_enabled()
            assert not torch.is_inference_mode_enabled()
    after = {name: value for name, value in vars(model).items() if not name.startswith("_")}
    assert after.keys() == before.keys()
    assert all(after[name] is before[name] for name in before)
    assert memory is None or torch.equal(model.memory, memory)
    assert all(parameter.grad is None for parameter in model.parameters())
    if kind is not NoValues:
        model(X[:2])  # as before


def test_the_table_says_what_is_unusual():
    with iv.Inspector(Sparse(), (X, Y)) as inspector:
        assert "sparse: shown dense" in inspector.layers["sparse"].note
    with iv.Inspector(NoAverages(), (X, Y)) as inspector:
        assert "those over 64 samples" in inspector.layers["norm"].note


def test_an_untrained_baseline_of_a_model_that_keeps_its_output():
    model = KeepsState()
    model(X[:2])
    with iv.Inspector(model, (X, Y), baseline="untrained") as inspector:
        assert list(inspector.baseline.layers) == list(inspector.layers)
