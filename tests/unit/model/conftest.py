"""What the tests of the model floor share: copies made inside each module's own forward, replacing hooks, no traces."""

from __future__ import annotations

import copy
import functools
import random
import zlib
from contextlib import contextmanager
from dataclasses import is_dataclass

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils import _pytree as pytree

from innerview.model import capture
from innerview.model.layers import Status, trace_layers
from innerview.model.outputs import activation, mapped, tensors
from innerview.model.replay import Recording


def copies_made_inside(model, args, kwargs):
    """Run the model with every submodule's forward wrapped to keep a deep copy of what it returns."""
    copies, order, counts = {}, [], {}
    modules = {path: m for path, m in model.named_modules() if path and not isinstance(m, torch.jit.ScriptModule)}

    def wrapped(path, original):
        @functools.wraps(original)
        def forward(*args, **kwargs):
            counts[path] = counts.get(path, 0) + 1
            name = path if counts[path] == 1 else f"{path}#{counts[path]}"
            order.append(name)
            output = original(*args, **kwargs)
            copies[name] = copy.deepcopy(output)
            return output

        return forward

    before = {path: vars(module).get("forward") for path, module in modules.items()}
    modes = {path: module.training for path, module in model.named_modules()}
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        for path, module in modules.items():
            object.__setattr__(module, "forward", wrapped(path, module.forward))
        model.eval()
        with torch.no_grad(), torch.compiler.set_stance("force_eager"):
            model(*copy.deepcopy(args), **copy.deepcopy(kwargs))
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for path, module in modules.items():
            if before[path] is None:
                object.__delattr__(module, "forward")
            else:
                object.__setattr__(module, "forward", before[path])
        for path, module in model.named_modules():
            module.training = modes[path]
    return copies, order, counts


def leaves(output):
    """All tensors of an output, found in another way than the code under test does."""
    found = []
    for leaf in pytree.tree_leaves(output):
        if isinstance(leaf, torch.Tensor):
            found.append(leaf)
        elif is_dataclass(leaf):
            found += leaves(list(vars(leaf).values()))
    return found


def expected_activation(output):
    tensors = leaves(output)
    return next((tensor for tensor in tensors if tensor.is_floating_point()), tensors[0] if tensors else None)


def same(value, other):
    if value.dtype is other.dtype and torch.equal(value, other):  # much cheaper; what it denies is looked at again
        return
    torch.testing.assert_close(value, other, rtol=0, atol=0, equal_nan=True)


@contextmanager
def no_trace_left(model):
    """Fail if anything of the model, or of the random state, differs after the body."""
    before = _state(model)
    yield
    after = _state(model)
    assert before.keys() == after.keys()
    for key, value in before.items():
        assert after[key] == value, key


def _digest(tensor):
    """A checksum of the bytes: a copy of every parameter would take half a gigabyte for some models, twice."""
    return zlib.crc32(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy())


def _state(model):
    state = {"random": random.getstate(), "torch": _digest(torch.get_rng_state())}
    state["numpy"] = str(np.random.get_state())  # noqa: NPY002 - the global state must not change
    state["fastpath"] = torch.backends.mha.get_fastpath_enabled()
    state["global hooks"] = len(nn.modules.module._global_forward_hooks)
    for path, module in model.named_modules():
        state[f"{path} training"] = module.training
        state[f"{path} attributes"] = sorted(vars(module))
        for name, value in vars(module).items():
            if name.endswith("_hooks") and value is not None:
                state[f"{path} {name}"] = list(value.items())
    for name, parameter in model.named_parameters():
        state[f"{name} is"] = (id(parameter), parameter.requires_grad, parameter._version, id(parameter.grad))
        state[f"{name} value"] = _digest(parameter)
        if parameter.grad is not None:
            state[f"{name} grad"] = _digest(parameter.grad)
    for name, buffer in model.named_buffers():
        if not isinstance(model, torch.jit.ScriptModule):
            state[f"{name} is"] = id(buffer)
        state[f"{name} value"] = _digest(buffer)
    return state


def check_every_layer(model, args=(), kwargs=None, *, batch=2):
    """Compare the table and every captured value with copies made inside the modules' own forwards.

    Returns:
        The layer table.
    """
    kwargs = kwargs or {}
    torch.manual_seed(0)
    copies, order, counts = copies_made_inside(model, args, kwargs)
    with no_trace_left(model):
        table = trace_layers(model, args, kwargs, batch=batch)
    assert [name for name, row in table.items() if row.calls] == order
    assert {row.path: row.calls for row in table.values() if row.calls} == counts
    seen = [name for name, row in table.items() if row.status is Status.SEEN]
    assert seen == [name for name in order if expected_activation(copies[name]) is not None]
    assert seen
    with no_trace_left(model):
        values = capture.run(model, args, kwargs, seen)
    assert list(values) == seen
    for name in seen:
        inside = expected_activation(copies[name])
        same(values[name], inside)
        row = table[name]
        assert row.dtype == str(inside.dtype).removeprefix("torch.")
        shape = list(inside.shape)
        if row.batch_axis is not None:
            assert shape.pop(row.batch_axis) == batch
        assert row.shape == tuple(shape)
        assert row.size == int(np.prod(shape))
    # One at a time, the forward stops early: at the first, in the middle, at the last.
    for name in {seen[0], seen[len(seen) // 2], seen[-1]}:
        same(capture.run(model, args, kwargs, [name])[name], values[name])
    return table


def replaced(model, args, kwargs, layer, edited):
    """The model's output when a plain forward hook of torch replaces what a layer returns."""
    path, _, call = layer.partition("#")
    module = model.get_submodule(path)
    calls = 0

    def hook(_module, _args, output):
        nonlocal calls
        calls += 1
        if calls != int(call or 1):
            return None
        chosen = activation(output)[0]
        return mapped(output, lambda tensor: edited.clone() if tensor is chosen else tensor)

    modes = {module: module.training for module in model.modules()}
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    handle = _register(module, hook)
    try:
        model.eval()
        args, kwargs = mapped((args, kwargs), torch.clone)
        with torch.no_grad(), torch.compiler.set_stance("force_eager"):
            return model(*args, **kwargs)
    finally:
        handle.remove()
        torch.backends.mha.set_fastpath_enabled(fast)
        for module, mode in modes.items():
            module.training = mode


def _register(module, hook):
    if isinstance(module, torch.jit.ScriptModule):
        handle = torch.utils.hooks.RemovableHandle(module._forward_hooks)
        module._forward_hooks[handle.id] = hook
        return handle
    return module.register_forward_hook(hook)


def same_tensors(output, other):
    ours, theirs = dict(tensors(output)), dict(tensors(other))
    assert ours.keys() == theirs.keys()
    assert ours
    for place, value in ours.items():
        same(value, theirs[place])


def edit(value, scale):
    if value.is_floating_point():
        return value * scale + 0.125
    return value.flip(0)


def check_replay(model, args=(), kwargs=None, *, layers=None, how="replay"):
    """Record at each layer, rerun twice with different values, and compare with full forwards and the plain one."""
    kwargs = kwargs or {}
    names = [name for name, row in trace_layers(model, args, kwargs).items() if row.status is Status.SEEN]
    assert names
    plain = capture.forward(model, args, kwargs)
    for name in names if layers is None else [names[int(at * (len(names) - 1))] for at in layers]:
        with no_trace_left(model):
            recording = Recording(model, args, kwargs, name)
            assert (name, recording.how, recording.note != "") == (name, how, how != "replay"), recording.note
            same_tensors(recording.output, plain)
            for scale in (0.5, -1.5):
                edited = edit(recording.activation, scale)
                same_tensors(
                    recording.rerun({name: lambda _, edited=edited: edited}),
                    replaced(model, args, kwargs, name, edited),
                )
            # The edits before have left nothing behind.
            same_tensors(recording.rerun({}), plain)


@pytest.fixture
def check():
    return check_every_layer


@pytest.fixture
def untouched():
    return no_trace_left


@pytest.fixture
def copies_inside():
    return copies_made_inside


@pytest.fixture(name="replaced")
def _replaced():
    return replaced


@pytest.fixture(name="same_tensors")
def _same_tensors():
    return same_tensors


@pytest.fixture(name="check_replay")
def _check_replay():
    return check_replay
