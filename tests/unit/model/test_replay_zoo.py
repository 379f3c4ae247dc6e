"""Reruns of what comes after a layer, in every architecture at hand, beside full forwards with a replacing hook."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from torchvision import models
from transformers import BertConfig, BertModel, GPT2Config, GPT2LMHeadModel, ViTConfig, ViTForImageClassification

SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += x
        return self.relu(out)


class Residual(nn.Module):
    """Residuals, in-place operations on what is read later, concatenation of early and late values."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.blocks = nn.Sequential(Block(4), Block(4))
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        early = self.stem(x)
        first = early[:, :2]
        x = self.blocks(self.relu(early))
        first.add_(x[:, 2:])  # seen through the view: early changes
        return self.head(torch.cat([x.mean((2, 3)), early.amax((2, 3))], 1))


def images():
    return torch.randn(2, 3, 8, 8)


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True))
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.block(self.block(self.block(x))))


class Dynamic(nn.Module):
    def __init__(self):
        super().__init__()
        self.step, self.big, self.small = nn.Linear(4, 4), nn.Linear(4, 2), nn.Linear(4, 2)

    def forward(self, x):
        for _ in range(int(x[0, 0].abs() * 3) + 1):
            x = torch.tanh(self.step(x))
        return self.big(x) if x.sum() > 0 else self.small(x)


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.embed = nn.Embedding(20, 6)
        self.rnn = kind(6, 5, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(10, 3)

    def forward(self, tokens):
        values, state = self.rnn(self.embed(tokens))
        return self.head(values[:, -1]), state


@dataclass
class Answer:
    score: torch.Tensor
    parts: dict[str, torch.Tensor]
    early: list[torch.Tensor]


class Nested(nn.Module):
    """A layer with several results, all of them read; an output in a dataclass that holds values from before it."""

    def __init__(self):
        super().__init__()
        self.inner = nn.LSTM(4, 4, batch_first=True)
        self.first = nn.Linear(4, 4)

    def forward(self, x, *, scale):
        early = self.first(x)
        values, (h, c) = self.inner(early)
        return Answer(values * scale["by"], {"h": h, "c": c}, [early, x])


class Checkpointed(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        return self.c(checkpoint(lambda y: self.b(self.a(y).relu_()), x, use_reentrant=False))


class ShapesInPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        x = x.unsqueeze_(1)
        y = self.a(x).squeeze_(1).t_()
        mask = torch.arange(4) > 1
        return self.b(y.t().masked_fill(mask, 0.0)) + x.squeeze(1) @ self.a.weight.t()


MODELS = {
    "residual": lambda: (Residual(), (images(),), {}),
    "shared": lambda: (Shared(), (torch.randn(2, 4),), {}),
    "dynamic": lambda: (Dynamic(), (torch.full((2, 4), 0.9),), {}),
    "LSTM": lambda: (Recurrent(nn.LSTM), (torch.randint(0, 20, (2, 7)),), {}),
    "GRU": lambda: (Recurrent(nn.GRU), (torch.randint(0, 20, (2, 7)),), {}),
    "nested": lambda: (Nested(), (torch.randn(2, 3, 4),), {"scale": {"by": torch.tensor(2.0)}}),
    "checkpointed": lambda: (Checkpointed(), (torch.randn(2, 4),), {}),
    "shapes in place": lambda: (ShapesInPlace(), (torch.randn(3, 4),), {}),
    "DataParallel": lambda: (nn.DataParallel(Residual()), (images(),), {}),
    "bfloat16": lambda: (Shared().bfloat16(), (torch.randn(2, 4).bfloat16(),), {}),
    "encoder": lambda: (
        nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2),
        (torch.randn(2, 5, 8),),
        {"src_key_padding_mask": torch.tensor([[False] * 5, [False] * 3 + [True] * 2])},
    ),
    "decoder": lambda: (
        nn.Transformer(8, 2, 1, 1, 16, batch_first=True),
        (torch.randn(2, 5, 8), torch.randn(2, 4, 8)),
        {},
    ),
    "BERT": lambda: (
        BertModel(BertConfig(vocab_size=50, **SMALL)),
        (),
        {"input_ids": torch.randint(0, 50, (2, 7)), "attention_mask": torch.ones(2, 7, dtype=torch.long)},
    ),
    "GPT-2": lambda: (
        GPT2LMHeadModel(GPT2Config(vocab_size=50, n_positions=16, n_embd=16, n_layer=2, n_head=2)),
        (torch.randint(0, 50, (2, 7)),),
        {"output_hidden_states": True},
    ),
    "ViT": lambda: (
        ViTForImageClassification(ViTConfig(image_size=16, patch_size=4, **SMALL)),
        (),
        {"pixel_values": torch.randn(2, 3, 16, 16)},
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_layer_equals_the_full_forward(name, check_replay):
    torch.manual_seed(0)
    model, args, kwargs = MODELS[name]()
    model(*copy.deepcopy(args), **kwargs)  # the first call of one of transformers' models puts hooks into it
    check_replay(model, args, kwargs)


@pytest.mark.filterwarnings("ignore:.torch.jit.*:DeprecationWarning")
@pytest.mark.parametrize("how", ["script", "trace"])
def test_scripted_part(how, check_replay):
    model = Residual().eval()
    inner = model.blocks
    model.blocks = torch.jit.script(inner) if how == "script" else torch.jit.trace(inner, torch.randn(2, 4, 4, 4))
    check_replay(model, (images(),))


IMAGES = {
    "alexnet": 64,
    "convnext_tiny": 32,
    "densenet121": 32,
    "efficientnet_b0": 32,
    "googlenet": 64,
    "inception_v3": 75,
    "mnasnet0_5": 32,
    "mobilenet_v2": 32,
    "mobilenet_v3_small": 32,
    "regnet_y_400mf": 32,
    "resnet18": 64,
    "resnet50": 32,
    "shufflenet_v2_x0_5": 32,
    "squeezenet1_0": 64,
    "swin_t": 32,
    "swin_v2_t": 32,
    "vgg11": 32,
    "vit_b_32": 64,
}
OPTIONS = {
    "googlenet": {"aux_logits": True, "init_weights": False},
    "inception_v3": {"aux_logits": True, "init_weights": False},
    "vit_b_32": {"image_size": 64},
}
# Few boxes: without torchvision's extension, pooling hundreds of them takes gigabytes.
DETECTIONS = {
    "fasterrcnn_mobilenet_v3_large_320_fpn": {"rpn_pre_nms_top_n_test": 20, "rpn_post_nms_top_n_test": 10},
    "ssdlite320_mobilenet_v3_large": {"topk_candidates": 20},
}
SOME = (0.0, 0.25, 0.5, 0.75, 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("name", IMAGES)
def test_image_model(name, check_replay):
    model = getattr(models, name)(weights=None, **OPTIONS.get(name, {}))
    check_replay(model, (torch.randn(2, 3, IMAGES[name], IMAGES[name]),), layers=SOME)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["r3d_18", "swin3d_t"])
def test_video_model(name, check_replay):
    check_replay(getattr(models.video, name)(weights=None), (torch.randn(2, 3, 4, 32, 32),), layers=SOME)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large"])
def test_segmentation_model(name, check_replay):
    model = getattr(models.segmentation, name)(weights=None, weights_backbone=None)
    check_replay(model, (torch.randn(2, 3, 32, 32),), layers=SOME)


@pytest.mark.slow
def test_optical_flow_model_calls_one_block_many_times(check_replay):
    model = models.optical_flow.raft_small(weights=None)
    pair = (torch.randn(2, 3, 128, 128), torch.randn(2, 3, 128, 128))
    check_replay(model, pair, {"num_flow_updates": 3}, layers=SOME)


# roi_align without torchvision's extension is a torch.compile'd function, whose loading warns of its own old code.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning")
@pytest.mark.parametrize("name", DETECTIONS)
def test_detection_model(name, check_replay):
    model = getattr(models.detection, name)(weights=None, weights_backbone=None, num_classes=5, **DETECTIONS[name])
    check_replay(model, ([torch.rand(3, 60, 80), torch.rand(3, 80, 60)],), layers=(0.3, 0.6, 0.9))
