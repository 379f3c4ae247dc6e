"""The digits and a small network trained on them for a moment."""

import pytest
import torch

import innerview as iv


@pytest.fixture(scope="session")
def digits():
    return iv.datasets.digits()


@pytest.fixture(scope="session")
def trained(digits):
    torch.manual_seed(0)
    model = iv.demo.SmallCNN()
    iv.demo.train(model, digits.train, epochs=3)
    return model
