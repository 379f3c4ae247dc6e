"""Models of every kind of habit, small; each has a layer ``hidden``, and three classes for images ``[1, 8, 8]``."""

from __future__ import annotations

import torch
from torch import nn

from kinds_of_model import building, differentiating, returning, writing
from kinds_of_model.plain import Plain


def of_type(dtype):
    return lambda: Plain().to(dtype)


def nested(h):
    return {"first": [None, "text", (3, {"deep": h})]}


KINDS = {
    "plain": Plain,
    "inference mode": differentiating.InferenceMode,
    "inference mode in part": differentiating.InferenceModeInPart,
    "no inference mode": differentiating.NoInferenceMode,
    "no_grad": differentiating.NoGrad,
    "sets grad": differentiating.SetsGrad,
    "goes backward": differentiating.GoesBackward,
    "goes backward by itself": differentiating.GoesBackwardByItself,
    "saliency": differentiating.Saliency,
    "hooks on tensors": differentiating.HooksOnTensors,
    "freezes": differentiating.Freezes,
    "gradients set": differentiating.GradientsSet,
    "writes attributes": writing.WritesAttributes,
    "keeps outputs": writing.KeepsOutputs,
    "writes weights": writing.WritesWeights,
    "writes through data": writing.WritesThroughData,
    "replaces": writing.Replaces,
    "settings": writing.Settings,
    "writes buffers": writing.WritesBuffers,
    "changes input": writing.ChangesInput,
    "makes modules": writing.MakesModules,
    "float8": returning.EightBits,
    "bfloat16": of_type(torch.bfloat16),
    "float16": of_type(torch.float16),
    "float64": of_type(torch.float64),
    "meta": returning.on_meta,
    "complex": returning.SpectrumIn,
    "sparse": returning.SparseIn,
    "quantised": returning.QuantisedIn,
    "quantised dynamically": returning.quantised_dynamically,
    "None beside": lambda: returning.Returns(lambda h: h, lambda h: h),
    "text beside": lambda: returning.Returns(lambda h: (h, "text"), lambda h: h[0], "text"),
    "dataclass": lambda: returning.Returns(lambda h: returning.Found(h, "name"), lambda found: found.features),
    "nested": lambda: returning.Returns(nested, lambda found: found["first"][2][1]["deep"]),
    "no averages": building.NoAverages,
    "dropout": building.Dropout,
    "noise": building.Noise,
    "weight norm": lambda: building.parametrised(nn.utils.parametrizations.weight_norm),
    "weight norm, older": lambda: building.parametrised(nn.utils.weight_norm),
    "spectral norm": lambda: building.parametrised(nn.utils.parametrizations.spectral_norm),
    "spectral norm, older": lambda: building.parametrised(nn.utils.spectral_norm),
    "shared": building.Shared,
    "lazy": building.Lazy,
    "compiled": building.compiled,
    "autocast": building.Autocast,
    "scripted": building.scripted,
    "parallel": lambda: nn.DataParallel(Plain()),
    "vmap": building.Vmapped,
    "func.grad": building.Differentiated,
    "checkpointed": lambda: building.Checkpointed(reentrant=False),
    "checkpointed, older": lambda: building.Checkpointed(reentrant=True),
    "depends": building.Depends,
}


def make(kind):
    """A model of a kind, the same each time, in training mode but for a part."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = KINDS[kind]()
    model.train()
    return model
