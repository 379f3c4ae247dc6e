"""False alarms matter: healthy networks train without any finding, from the first steps on."""

import pytest
import torch
from torch import nn

import innerview as iv


class Upscaled(nn.Module):
    """The digits as colour pictures of 32 x 32, for networks of torchvision."""

    def __init__(self, inside):
        super().__init__()
        self.inside = inside

    def forward(self, x):
        return self.inside(nn.functional.interpolate(x, scale_factor=4).expand(-1, 3, -1, -1))


class Rows(nn.Module):
    """A transformer that reads the rows of a digit as tokens."""

    def __init__(self, **options):
        super().__init__()
        self.embedding = nn.Linear(8, 32)
        self.position = nn.Parameter(0.02 * torch.randn(8, 32))
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, **options)
        self.encoder = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        return self.head(self.encoder(self.embedding(x[:, 0]) + self.position).mean(1))


def resnet(**options):
    models = pytest.importorskip("torchvision.models")
    return Upscaled(models.resnet18(num_classes=10, **options))


def vgg():
    torchvision_vgg = pytest.importorskip("torchvision.models.vgg")
    features = torchvision_vgg.make_layers([16, "M", 32, "M", 64, 64, "M", 64, 64, "M"], batch_norm=True)
    dense = [nn.Linear(256, 64), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(64, 10)]
    return Upscaled(nn.Sequential(features, nn.Flatten(), *dense))


def lenet():
    features = [nn.Conv2d(1, 6, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 3), nn.Tanh()]
    return nn.Sequential(*features, nn.Flatten(), nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))


def sgd(parameters):
    # Near torchvision's own recipes (ResNet 0.1 for batches of 256, VGG 0.01). At 0.05 a batch of 32 does kill half of
    # the VGG's dense layer in some runs, and a ResNet without a warm-up may hardly learn: no healthy networks.
    return torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=5e-4)


def adam(parameters, lr=1e-3):
    return torch.optim.AdamW(parameters, lr=lr)


def check(watch, make, optimizer, *, steps, warm_up=0, batch=64):
    torch.manual_seed(0)
    model = make()
    optimizer = optimizer(model.parameters())
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1, step / warm_up)) if warm_up else None
    watched = watch(model, optimizer, steps=steps, scheduler=scheduler, batch=batch)
    losses = watched.monitor.history.metric("loss")[1]
    assert losses[-10:].mean() < 0.7 * losses[:10].mean()  # it is healthy
    assert list(map(str, watched.first.values())) == []


@pytest.mark.parametrize(
    ("make", "optimizer", "warm_up"),
    [
        (iv.demo.SmallCNN, lambda p: adam(p, 5e-3), 0),
        (lenet, lambda p: adam(p, 2e-3), 0),
        (Rows, adam, 20),
        (lambda: Rows(norm_first=True, activation="gelu"), lambda p: adam(p, 2e-3), 0),
    ],
)
def test_small(watch, make, optimizer, warm_up):
    check(watch, make, optimizer, steps=80, warm_up=warm_up)


@pytest.mark.slow  # networks of torchvision, every step recorded: ten seconds each
@pytest.mark.parametrize(
    ("make", "optimizer", "warm_up"),
    [
        (resnet, sgd, 0),
        (resnet, adam, 10),
        (lambda: resnet(zero_init_residual=True), sgd, 10),
        (vgg, sgd, 0),
        (vgg, adam, 0),
    ],
)
def test_torchvision(watch, make, optimizer, warm_up):
    check(watch, make, optimizer, steps=60, warm_up=warm_up, batch=32)
