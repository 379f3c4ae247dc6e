"""What must be as before once a model was looked at."""

from __future__ import annotations

import random

import numpy as np
import torch
from torch import nn
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack


def plain(value):
    """A value that can be compared, and holds no reference to what it was made from."""
    if isinstance(value, torch.Tensor):
        inside = () if value.device.type == "meta" or nn.parameter.is_lazy(value) else (bits(value),)
        return (id(value), value.requires_grad, *inside)
    if isinstance(value, dict):
        return [(key, plain(inner)) for key, inner in value.items()]
    if type(value).__name__ in ("list", "tuple", "set", "deque"):
        return [plain(inner) for inner in value]
    return id(value)


def bits(tensor):
    tensor = tensor.detach().dequantize() if tensor.is_quantized else tensor.detach()
    dense = tensor.to_dense() if tensor.layout != torch.strided else tensor
    return dense.contiguous().flatten().view(torch.uint8).numpy().tobytes()


def state_of(model):
    found = {}
    for path, module in model.named_modules():
        own = {} if isinstance(module, torch.jit.ScriptModule) else vars(module)
        found |= {f"{path}.{name}": plain(value) for name, value in own.items() if name != "_modules"}
        found[f"{path} is"] = id(module), module.training
    for name, parameter in model.named_parameters():
        hooks = parameter._backward_hooks, parameter._post_accumulate_grad_hooks
        found[f"{name} holds"] = plain(parameter.grad), [len(held or ()) for held in hooks], parameter._version
    return found


def state_of_torch():
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "numpy": str(np.random.get_state()),  # noqa: NPY002 - the global state must not change
        "random": random.getstate(),
        "inference": torch.is_inference_mode_enabled(),
        "grad": torch.is_grad_enabled(),
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "modes": len(_get_current_dispatch_mode_stack()),
        "function modes": torch._C._len_torch_function_stack(),
        "keys": torch._C._dispatch_tls_local_include_set().raw_repr(),
        "excluded": torch._C._dispatch_tls_local_exclude_set().raw_repr(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "anomalies": torch.is_anomaly_enabled(),
        "fast path": torch.backends.mha.get_fastpath_enabled(),
        "saved tensors": torch._C._autograd._top_saved_tensors_default_hooks(False),
    }


def computes():
    """Torch works on this thread, gradients and all."""
    weight = torch.ones(2, 2, device="cpu", dtype=torch.float32, requires_grad=True)
    (weight @ torch.ones(2, device="cpu", dtype=torch.float32)).square().sum().backward()
    assert weight.grad.tolist() == [[4, 4], [4, 4]]
    assert (torch.zeros(2, device="cpu") + 1).tolist() == [1, 1]
    assert nn.Linear(2, 2, device="cpu", dtype=torch.float32)(weight).requires_grad
