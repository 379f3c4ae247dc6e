"""Models that turn gradients and inference mode on and off, or differentiate."""

from __future__ import annotations

import torch

from kinds_of_model.plain import Plain


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
