"""Every layer of transformers, recurrent networks, and modules with unusual inputs, outputs and control flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from transformers import BertConfig, BertModel, GPT2Config, GPT2LMHeadModel, ViTConfig, ViTForImageClassification

from innerview.model.capture import run
from innerview.model.layers import trace_layers

SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}


def test_bert_fed_by_keyword(check):
    model = BertModel(BertConfig(vocab_size=50, **SMALL))
    tokens = torch.randint(0, 50, (2, 7))
    table = check(model, (), {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)})
    assert table["encoder.layer.1.output.dense"].shape == (7, 16)
    assert "['last_hidden_state'] is shown" in table["encoder"].note


def test_gpt2(check):
    model = GPT2LMHeadModel(GPT2Config(vocab_size=50, n_positions=16, n_embd=16, n_layer=2, n_head=2))
    table = check(model, (torch.randint(0, 50, (2, 7)),))
    # The output weights are those of the embedding: the model's parameters are counted once.
    total = sum(parameter.numel() for parameter in model.parameters())
    assert table["transformer"].parameters == total


def test_vit_of_hugging_face(check):
    model = ViTForImageClassification(ViTConfig(image_size=16, patch_size=4, **SMALL))
    table = check(model, (), {"pixel_values": torch.randn(2, 3, 16, 16)})
    assert table["vit.embeddings"].shape == (17, 16)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize("batch_first", [True, False])
def test_recurrent_network(kind, batch_first, check):
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(20, 6)
            self.rnn = kind(6, 5, num_layers=2, bidirectional=True, batch_first=batch_first)
            self.head = nn.Linear(10, 3)

        def forward(self, tokens):
            values, _ = self.rnn(self.embed(tokens))
            return self.head(values[:, -1] if batch_first else values[-1])

    table = check(Reader(), (torch.randint(0, 20, (2, 7) if batch_first else (7, 2)),))
    assert table["rnn"].batch_axis == (0 if batch_first else 1)
    assert table["rnn"].shape == (7, 10)


def test_output_of_the_last_layer_is_a_tuple(check):
    class Wrapper(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.LSTM(3, 4, batch_first=True)

        def forward(self, x):
            return self.inner(x)

    assert check(Wrapper(), (torch.randn(2, 5, 3),))["inner"].shape == (5, 4)


def test_packed_sequence(check):
    class Packer(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.GRU(3, 4, batch_first=True)
            self.head = nn.Linear(4, 2)

        def forward(self, x, lengths):
            packed, _ = self.rnn(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
            return self.head(pad_packed_sequence(packed, batch_first=True)[0])

    table = check(Packer(), (torch.randn(2, 5, 3), torch.tensor([3, 5])))
    assert table["rnn"].shape == (8, 4)
    assert table["rnn"].batch_axis is None
    assert "samples are mixed" in table["rnn"].note


@pytest.mark.parametrize("padded", [False, True])
def test_transformer_encoder_shows_what_its_fast_path_hides(padded, check):
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)
    mask = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
    kwargs = {"src_key_padding_mask": mask} if padded else {}
    table = check(encoder, (torch.randn(2, 5, 8),), kwargs)
    assert str(table["layers.1.linear1"].status) == "seen"
    assert str(table["layers.0.self_attn.out_proj"].status) == "never called"


def test_transformer_with_decoder(check):
    model = nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
    check(model, (torch.randn(2, 5, 8), torch.randn(2, 4, 8)))


def test_shared_block_gets_a_row_for_each_call(check):
    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.block = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True))
            self.alias = self.block
            self.head = nn.Linear(4, 2)

        def forward(self, x):
            return self.head(self.alias(self.block(self.block(x))))

    table = check(Shared(), (torch.randn(2, 4),))
    assert list(table) == [
        "block",
        "block.0",
        "block.1",
        "block#2",
        "block.0#2",
        "block.1#2",
        "block#3",
        "block.0#3",
        "block.1#3",
        "head",
    ]
    assert table["block#3"].note == "called 3 times: each call is a row; the same module as alias"


def test_values_before_an_inplace_relu(check):
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.Conv2d(4, 4, 3), nn.ReLU6(inplace=True))
    check(model, (torch.randn(2, 1, 8, 8),))


@dataclass
class Answer:
    count: int
    logits: torch.Tensor
    more: dict[str, torch.Tensor]


@dataclass(frozen=True)
class FrozenAnswer:
    logits: torch.Tensor


class Pair(NamedTuple):
    index: torch.Tensor
    score: torch.Tensor


class Returns(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


OUTPUTS = {
    "dict": (lambda x: {"index": x.long(), "score": x}, "the output is a dict: its tensor ['score'] is shown"),
    "list": (lambda x: [None, x], "the output is a list of 2: its tensor [1] is shown"),
    "tuple": (lambda x: (x.long(), (x, x)), "the output is a tuple of 2: its tensor [1][0] is shown"),
    "namedtuple": (lambda x: Pair(x.long(), x), "the output is a Pair: its tensor .score is shown"),
    "dataclass": (lambda x: Answer(3, x, {"b": x}), "the output is a Answer: its tensor .logits is shown"),
    "frozen": (FrozenAnswer, "the output is a FrozenAnswer: its tensor .logits is shown"),
    "integers only": (lambda x: x.argmax(dim=1), ""),
}


@pytest.mark.parametrize("kind", OUTPUTS)
def test_output_of_any_kind(kind, check):
    function, note = OUTPUTS[kind]

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 4)
            self.odd = Returns(function)

        def forward(self, x):
            return self.odd(self.linear(x))

    assert check(Model(), (torch.randn(2, 4),))["odd"].note == note


def test_keyword_only_forward_and_nested_inputs(check):
    class Picky(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Linear(3, 4), nn.Linear(5, 4)

        def forward(self, *, parts, scale=1.0):
            # In place on its own input: the caller's tensor must not change.
            a = self.left(parts["a"].mul_(2))
            return a + self.right(parts["b"][0]) * scale

    parts = {"a": torch.ones(2, 3), "b": (torch.randn(2, 5),)}
    check(Picky(), (), {"parts": parts, "scale": 0.5})
    assert torch.equal(parts["a"], torch.ones(2, 3))


def test_dynamic_control_flow(check):
    class Dynamic(nn.Module):
        def __init__(self):
            super().__init__()
            self.step, self.big, self.small = nn.Linear(4, 4), nn.Linear(4, 2), nn.Linear(4, 2)

        def forward(self, x):
            for _ in range(int(x[0, 0]) + 1):
                x = torch.tanh(self.step(x))
            return self.big(x) if x.sum() > 100 else self.small(x)

    model = Dynamic()
    assert check(model, (torch.full((2, 4), 2.5),))["step"].calls == 3
    table = check(model, (torch.full((2, 4), 0.5),))
    assert table["step"].calls == 1
    assert str(table["big"].status) == "never called"
    assert str(table["small"].status) == "seen"


def test_dead_modules_stand_where_the_reader_looks():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.first_dead = nn.Sequential(nn.Linear(1, 1))
            self.stem = nn.Linear(4, 4)
            self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(2)])
            self.aux = nn.Linear(4, 4)
            self.spare = nn.ModuleList([nn.Linear(1, 1)])
            self.head = nn.Linear(4, 2)

        def forward(self, x):
            for block in reversed(self.blocks):
                x = block(self.stem(x))
            return self.head(x)

    assert list(trace_layers(Odd(), (torch.randn(2, 4),), {})) == [
        "first_dead",
        "first_dead.0",
        "stem",
        "blocks",
        "blocks.1",
        "blocks.1.0",
        "blocks.1.1",
        "stem#2",
        "blocks.0",
        "blocks.0.0",
        "blocks.0.1",
        "aux",
        "spare",
        "spare.0",
        "head",
    ]


def test_half_precision(check):
    model = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 2)).bfloat16()
    assert check(model, (torch.randn(2, 4).bfloat16(),))["1"].dtype == "bfloat16"


def test_model_without_parameters_or_submodules():
    x = torch.randn(2, 3, 4, 4)
    assert [row.parameters for row in trace_layers(nn.MaxPool2d(2), (x,), {}).values()] == [0]
    assert torch.equal(run(nn.MaxPool2d(2), (x,), {}, ["MaxPool2d"])["MaxPool2d"], nn.MaxPool2d(2)(x))
    table = trace_layers(nn.Sequential(nn.ReLU(), nn.Flatten()), (x,), {})
    assert [row.shape for row in table.values()] == [(3, 4, 4), (48,)]
