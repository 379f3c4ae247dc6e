"""Models of every kind of habit, small; each has a layer ``hidden``, and three classes for images ``[1, 8, 8]``."""

from __future__ import annotations

import collections
import warnings
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

CHANNELS = 4


class Plain(nn.Module):
    """What the others change: ``between`` sees what ``hidden`` returned."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.Conv2d(1, CHANNELS, 3, padding=1)
        self.out = nn.Linear(CHANNELS * 64, 3)

    def between(self, h):
        return h

    def forward(self, x):
        return self.out(self.between(self.hidden(x)).relu().flatten(1))


# --- modes of autograd -----------------------------------------------------------------------------------------------


class InferenceMode(Plain):
    @torch.inference_mode()
    def forward(self, x):
        return super().forward(x)


class InferenceModeInPart(Plain):
    def forward(self, x):
        with torch.inference_mode():
            h = self.hidden(x)
        return self.out(h.clone().relu().flatten(1))


class NoInferenceMode(Plain):
    """Leaves a mode that it never entered."""

    def between(self, h):
        with torch.inference_mode(mode=False), torch.enable_grad():
            return h * 1


class NoGrad(Plain):
    @torch.no_grad()
    def forward(self, x):
        return super().forward(x)


class SetsGrad(Plain):
    """Switches gradients on and forgets to switch them off."""

    def between(self, h):
        torch.set_grad_enabled(True)
        return h


class GoesBackward(Plain):
    def forward(self, x):
        output = super().forward(x)
        output.square().sum().backward()
        return output


class GoesBackwardByItself(Plain):
    """Needs nobody to turn gradients on."""

    def __init__(self):
        super().__init__()
        self.delta = torch.zeros(1, requires_grad=True)

    def forward(self, x):
        with torch.enable_grad():
            (super().forward(x + self.delta).square().sum()).backward()
        return super().forward(x)


class Saliency(Plain):
    def forward(self, x):
        x = x.detach().requires_grad_()
        output = super().forward(x)
        return output - torch.autograd.grad(output.sum(), x)[0].flatten(1)[:, :3]


class HooksOnTensors(Plain):
    def between(self, h):
        self.hidden.weight.register_hook(lambda grad: 2 * grad)
        h.register_hook(lambda grad: 2 * grad)
        h.retain_grad()
        return h


class Freezes(Plain):
    """Writes what belongs to training."""

    def between(self, h):
        self.hidden.weight.requires_grad_(requires_grad=False)
        self.train(not self.training)
        self.out.bias.grad = torch.ones(3)
        return h


class GradientsSet(Plain):
    """Has gradients, and adds to them."""

    def __init__(self):
        super().__init__()
        for parameter in self.parameters():
            parameter.grad = torch.ones_like(parameter)

    def forward(self, x):
        output = super().forward(x)
        output.square().sum().backward()
        return output


# --- what a forward writes -------------------------------------------------------------------------------------------


class WritesAttributes(Plain):
    def __init__(self):
        super().__init__()
        self.seen, self.cache, self.nested, self.count = [], {}, {"steps": [0]}, 0
        self.memory, self.recent = torch.zeros(CHANNELS), collections.deque(maxlen=2)
        self.names = set()

    def between(self, h):
        self.last, self.count = h, self.count + 1
        self.seen.append(h)
        self.cache[len(self.cache)] = h.shape
        self.nested["steps"].append(self.count)
        self.memory += 1
        self.recent.append(h)
        self.names.add(self.count)
        return h + self.memory[0] + len(self.seen) + self.count - 3


class KeepsOutputs(Plain):
    """Keeps tensors of a graph, as after a training step."""

    def __init__(self):
        super().__init__()
        self.outputs = {}
        self(torch.ones(2, 1, 8, 8))

    def between(self, h):
        self.outputs["hidden"], self.previous = h, self.outputs.get("hidden")
        return h


class WritesWeights(Plain):
    """Clips its weights in its forward, as a critic does."""

    def forward(self, x):
        with torch.no_grad():
            self.hidden.weight.clamp_(-0.2, 0.2)
        return super().forward(x)


class WritesThroughData(Plain):
    """As older code does: torch counts no such write."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    def between(self, h):
        self.out.weight.data.mul_(0.5)
        self.mean.data.add_(1)
        return h + self.mean


class Replaces(Plain):
    def between(self, h):
        self.out.bias = nn.Parameter(torch.ones(3))
        self.out.register_forward_hook(lambda _module, _args, output: output + 1)
        return h


class Settings(Plain):
    """Changes settings of torch for everybody."""

    def between(self, h):
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        torch.use_deterministic_algorithms(mode=True)
        torch.autograd.set_detect_anomaly(mode=True)
        return h


class WritesBuffers(Plain):
    def __init__(self):
        super().__init__()
        self.register_buffer("steps", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(CHANNELS))

    def between(self, h):
        self.steps += 1
        self.mean = self.mean + h.detach().mean((0, 2, 3))
        return h + self.steps


class ChangesInput(Plain):
    def forward(self, x):
        x.mul_(2).add_(1)
        return super().forward(x)


class MakesModules(Plain):
    """Makes its last layer when it is first called."""

    def __init__(self):
        super().__init__()
        self.made = False
        del self.out

    def forward(self, x):
        if not self.made:
            torch.manual_seed(3)
            self.out, self.made = nn.Linear(CHANNELS * 64, 3), True
        return super().forward(x)


# --- types of numbers ------------------------------------------------------------------------------------------------


class Eighth(nn.Module):
    """A convolution whose weights are kept in eight bits."""

    def __init__(self, dtype):
        super().__init__()
        weight = torch.randn(CHANNELS, 1, 3, 3).to(dtype)
        self.weight = nn.Parameter(weight, requires_grad=False)

    def forward(self, x):
        return nn.functional.conv2d(x.float(), self.weight.float(), padding=1)


class EightBits(Plain):
    def __init__(self, dtype=torch.float8_e4m3fn):
        super().__init__()
        self.hidden = Eighth(dtype)


def on_meta():
    with torch.device("meta"):
        return Plain()


class SpectrumIn(Plain):
    """Its hidden layer returns complex numbers."""

    class Spectrum(nn.Module):
        def forward(self, x):
            return torch.fft.fft2(x).repeat(1, CHANNELS, 1, 1)

    def __init__(self):
        super().__init__()
        self.hidden = self.Spectrum()

    def between(self, h):
        return h.abs()


class SparseIn(Plain):
    class ToSparse(nn.Conv2d):
        def forward(self, x):
            return super().forward(x).to_sparse()

    def __init__(self):
        super().__init__()
        self.hidden = self.ToSparse(1, CHANNELS, 3, padding=1)

    def between(self, h):
        return h.to_dense()


class QuantisedIn(Plain):
    class Quantises(nn.Conv2d):
        def forward(self, x):
            return torch.quantize_per_tensor(super().forward(x), 0.05, 64, torch.quint8)

    def __init__(self):
        super().__init__()
        self.hidden = self.Quantises(1, CHANNELS, 3, padding=1)

    def between(self, h):
        return h.dequantize()


def quantised_dynamically():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(Plain().eval(), {nn.Linear}, dtype=torch.qint8)


# --- what layers return ----------------------------------------------------------------------------------------------


@dataclass
class Found:
    features: torch.Tensor
    name: str
    nothing: None = None


class Returns(Plain):
    """Its hidden layer wraps what it returns, its ``out`` is followed by one that returns ``beside``."""

    class Wraps(nn.Conv2d):
        def forward(self, x):
            return self.wrap(super().forward(x))

    class Beside(nn.Module):
        def forward(self):
            return self.value

    def __init__(self, wrap, unwrap, beside=None):
        super().__init__()
        self.hidden, self.beside = self.Wraps(1, CHANNELS, 3, padding=1), self.Beside()
        self.hidden.wrap, self.unwrap, self.beside.value = wrap, unwrap, beside

    def between(self, h):
        self.beside()
        return self.unwrap(h)


# --- how modules are made and called ---------------------------------------------------------------------------------


class NoAverages(Plain):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Sequential(self.hidden, nn.BatchNorm2d(CHANNELS, track_running_stats=False))
        self.norm = nn.BatchNorm1d(3, track_running_stats=False)

    def forward(self, x):
        return self.norm(super().forward(x))


class Dropout(Plain):
    """In training mode, with a dropout that ignores the mode beside it."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.Sequential(self.hidden, nn.BatchNorm2d(CHANNELS))
        self.drop = nn.Dropout()

    def between(self, h):
        return self.drop(h)


class Noise(Plain):
    """Draws numbers in evaluation mode, apart from the user's."""

    def between(self, h):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            return h + torch.rand(h.shape[1:])


class Shared(Plain):
    def __init__(self):
        super().__init__()
        self.again = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)

    def between(self, h):
        for _ in range(3):
            h = self.again(h)
        return h


class Lazy(Plain):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.LazyConv2d(CHANNELS, 3, padding=1), nn.LazyLinear(3)


class Vmapped(Plain):
    def between(self, h):
        weights = {name: weight * 1 for name, weight in self.out.named_parameters()}
        shift = torch.func.functional_call(self.out, weights, (h.flatten(1),)).mean(1)
        return torch.func.vmap(lambda one, by: one + by)(h, shift)


class Autocast(Plain):
    @torch.autocast("cpu", dtype=torch.bfloat16)
    def forward(self, x):
        return super().forward(x)


class Differentiated(Plain):
    """Solves something by torch.func inside of its forward."""

    def between(self, h):
        return h + torch.func.grad(lambda z: z.square().sum())(h)


class Checkpointed(Plain):
    def __init__(self, *, reentrant):
        super().__init__()
        self.block, self.reentrant = nn.Conv2d(CHANNELS, CHANNELS, 1), reentrant

    def between(self, h):
        return checkpoint(self.block, h, use_reentrant=self.reentrant)


class Depends(Plain):
    """Goes a way that its data decide."""

    def between(self, h):
        return torch.stack([one * 2 if one.mean() > 0 else one - 1 for one in h])


def parametrised(how, **options):
    model = Plain()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the older ways are deprecated
        how(model.hidden, **options)
    return model


def compiled():
    model = Plain()
    model.out = torch.compile(model.out, backend="eager")
    return model


def scripted():
    model = Plain()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.out = torch.jit.script(model.out)
    return model


def of_type(dtype):
    return lambda: Plain().to(dtype)


def nested(h):
    return {"first": [None, "text", (3, {"deep": h})]}


KINDS = {
    "plain": Plain,
    "inference mode": InferenceMode,
    "inference mode in part": InferenceModeInPart,
    "no inference mode": NoInferenceMode,
    "no_grad": NoGrad,
    "sets grad": SetsGrad,
    "goes backward": GoesBackward,
    "goes backward by itself": GoesBackwardByItself,
    "saliency": Saliency,
    "hooks on tensors": HooksOnTensors,
    "freezes": Freezes,
    "gradients set": GradientsSet,
    "writes attributes": WritesAttributes,
    "keeps outputs": KeepsOutputs,
    "writes weights": WritesWeights,
    "writes through data": WritesThroughData,
    "replaces": Replaces,
    "settings": Settings,
    "writes buffers": WritesBuffers,
    "changes input": ChangesInput,
    "makes modules": MakesModules,
    "float8": EightBits,
    "bfloat16": of_type(torch.bfloat16),
    "float16": of_type(torch.float16),
    "float64": of_type(torch.float64),
    "meta": on_meta,
    "complex": SpectrumIn,
    "sparse": SparseIn,
    "quantised": QuantisedIn,
    "quantised dynamically": quantised_dynamically,
    "None beside": lambda: Returns(lambda h: h, lambda h: h),
    "text beside": lambda: Returns(lambda h: (h, "text"), lambda h: h[0], "text"),
    "dataclass": lambda: Returns(lambda h: Found(h, "name"), lambda found: found.features),
    "nested": lambda: Returns(nested, lambda found: found["first"][2][1]["deep"]),
    "no averages": NoAverages,
    "dropout": Dropout,
    "noise": Noise,
    "weight norm": lambda: parametrised(nn.utils.parametrizations.weight_norm),
    "weight norm, older": lambda: parametrised(nn.utils.weight_norm),
    "spectral norm": lambda: parametrised(nn.utils.parametrizations.spectral_norm),
    "spectral norm, older": lambda: parametrised(nn.utils.spectral_norm),
    "shared": Shared,
    "lazy": Lazy,
    "compiled": compiled,
    "autocast": Autocast,
    "scripted": scripted,
    "parallel": lambda: nn.DataParallel(Plain()),
    "vmap": Vmapped,
    "func.grad": Differentiated,
    "checkpointed": lambda: Checkpointed(reentrant=False),
    "checkpointed, older": lambda: Checkpointed(reentrant=True),
    "depends": Depends,
}


def make(kind):
    """A model of a kind, the same each time, in training mode but for a part."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = KINDS[kind]()
    model.train()
    return model
