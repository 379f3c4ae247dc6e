"""Decides which forwards of a model and which steps of its optimizers are recorded, and has them recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import nn

from innerview.data.padding import counted_in_a_pass
from innerview.errors import InnerviewError
from innerview.model.calls import locate, modules_of
from innerview.model.passes import watching
from innerview.model.status import is_compiled
from innerview.training.allowance import Allowance
from innerview.training.budget import DeviceClock
from innerview.training.record import Record
from innerview.training.recorder import Recorder
from innerview.training.turns import Turns
from innerview.training.weights import WeightWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

    from torch.optim import Optimizer

    from innerview.analysis.statistics.accumulators import Statistics
    from innerview.training.budget import Budget
    from innerview.training.guard import Guard
    from innerview.training.record import WeightSample

# Recording also slows what comes after it, which finds other things in the processor's caches: a recorded step of a
# ResNet-18 took 0.233 of a plain one more, of which 0.202 inside the hooks (benchmarks/monitor.py, two cores).
_AFTERWARDS = 0.15
_NAMED = 5  # modules named in an event
_MISSED = 3  # recorded steps in a row without a layer, after which that is said


class Watch(NamedTuple):
    """What records training steps, or evaluation passes, and whose turn it is there."""

    recorder: Recorder
    turns: Turns


class Watcher:
    """Watches a model and its optimizers, and keeps what was seen since the last step.

    ``tell`` is called with kind, text and layer of an event.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        optimizers: tuple[Optimizer, ...],
        layers: Iterable[str] | None,
        scaler: Any,
        budget: Budget,
        guard: Guard,
        tell: Callable[[str, str, str], None],
    ) -> None:
        self.named = self._root = unwrapped(model)
        self.paused = False
        self.forwards = 0
        self.blind = False
        self._given = model
        self.optimizers = optimizers
        self._scaler = scaler
        self._budget = budget
        self._guard = guard
        self._tell = tell
        self._allowance = Allowance(budget)
        self._train, self._evaluation = (self._watch() for _ in range(2))
        self._train.recorder.scaler = scaler
        self._weights = [WeightWatch(self.named)]
        self._optimizer_hooked = False
        self._undo = ExitStack()
        self._device_clock: DeviceClock | None = None
        self._open = self._recording = False
        self._chosen: AbstractSet[str] = frozenset()  # paths that the step under way records
        self._tree: dict[str, nn.Module] = {}
        self._modules: dict[str, nn.Module] = {}
        self._listening_to: frozenset[str] | None = None
        self._missed: dict[str, int] = {}
        self._said: set[str] = set()
        self.layers = layers

    @property
    def layers(self) -> tuple[str, ...] | None:
        """Names of the layers to record; None for all. A change takes effect with the next forward."""
        return self._layers

    @layers.setter
    def layers(self, layers: Iterable[str] | None) -> None:
        if layers is None:
            self._layers, self._wanted = None, None
            return
        known = modules_of(self.named)
        if isinstance(layers, str) or not isinstance(layers, Iterable):
            raise InnerviewError(f"layers={layers!r}: several names, such as layers=[{str(layers)!r}]")
        layers = tuple(layers)
        chosen = frozenset(locate(name, known)[0] for name in layers)
        self._layers, self._wanted = layers, chosen

    def enter(self) -> None:
        """Hook into the model and the optimizer; InnerviewError when nothing of the model can be seen."""
        if isinstance(self._root, torch.jit.ScriptModule):
            raise InnerviewError(
                f"{type(self._root).__name__} is a TorchScript module: what runs inside it cannot be seen. "
                "Train and monitor the Python module, and script it afterwards"
            )
        on_gpu = any(parameter.is_cuda for parameter in self.named.parameters())
        self._device_clock = DeviceClock(lambda: torch.cuda.Event(enable_timing=True)) if on_gpu else None
        # What a record takes on a GPU is known only beside a step without one.
        self._train.turns.apart = 2 if on_gpu else 1
        self._look_around()
        # Of a compiled model only the weights are seen: hooks would become part of the compiled code.
        self.blind = is_compiled(self._given) or is_compiled(self._root)
        if self.blind:
            self._say_once("compiled", "note", "the model is compiled: its layers cannot be seen, only its weights")
        else:
            # Begins before FSDP gathers the weights: each process sees its own shard, which the optimizer changes.
            self._undo.enter_context(watching(self._root, self._passing))
        self._optimizer_hooked = False
        self._weights = [WeightWatch(self.named)]
        optimizers = self.optimizers
        if optimizers and all(hasattr(one, "register_step_pre_hook") for one in optimizers):
            # Each makes its steps at moments of its own, in which none of the others' weights change.
            self._weights = [WeightWatch(self.named, one, optimizers) for one in optimizers]
            for one, weights in zip(optimizers, self._weights, strict=True):
                for handle in (
                    one.register_step_pre_hook(partial(self._before_update, weights)),
                    one.register_step_post_hook(partial(self._after_update, weights)),
                ):
                    self._undo.callback(handle.remove)
            self._optimizer_hooked = True
        self._begin_blindly()

    def leave(self) -> None:
        """Take all hooks off again. What was seen so far can still be taken."""
        self._train.recorder.stop()
        self._evaluation.recorder.stop()
        self._undo.close()

    def end_step(self, step: int, *, finished: bool = True) -> Record | None:
        """End a step, or what there is of an unfinished one; return what was recorded of it, None when nothing was."""
        recording, self._open, self._recording, self.forwards = self._recording, False, False, 0
        self._train.recorder.stop()
        if self._device_clock is not None:
            with self._guard():
                self._device_clock.mark(recorded=recording)
        record = self._recorded(step, finished=finished) if recording else None
        self._budget.setting_up = False
        self._begin_blindly()
        return record

    def end_evaluation(self, step: int) -> Record | None:
        """Return what was recorded of evaluation passes since the last time."""
        recorder = self._evaluation.recorder
        layers = self._taken(self._evaluation)
        return Record(step, layers, recorder.kinds, "eval", order=recorder.order) if layers else None

    def _watch(self) -> Watch:
        turns = Turns(self._allowance)
        return Watch(Recorder(lambda: self._guard(turns)), turns)

    def _recorded(self, step: int, *, finished: bool) -> Record | None:
        recorder, turns = self._train
        layers = self._taken(self._train)
        weights: Mapping[str, WeightSample] = {}
        with self._guard(turns):
            if finished and not self._optimizer_hooked:
                self._weights[0].gradients()
                self._weights[0].after()
            weights = {name: sample for one in self._weights for name, sample in one.take().items()}
        with self._guard(turns):
            if layers:
                self._notice_silence(layers)
            if recorder.half and self._scaler is None:
                text = (
                    "outputs are float16 and no scaler was given: gradients of activations are shown as the scaled "
                    "loss has them; Monitor(model, scaler=scaler) divides them"
                )
                self._say_once("half", "amp", text)
        with self._guard():
            clock = self._device_clock
            unseen = _AFTERWARDS * turns.pending if clock is None else clock.extra()
            self._budget.charge(unseen, turns)
        turns.done(layers)
        if not layers and not weights:
            return None
        return Record(step, layers, recorder.kinds, weights=weights, order=recorder.order)

    def _taken(self, watch: Watch) -> Mapping[str, Statistics]:
        layers: Mapping[str, Statistics] = {}
        recorder = watch.recorder
        if not recorder.empty:
            with self._guard(watch.turns):
                layers = recorder.take()
        if recorder.batched:
            text = "inside torch.func.vmap layers cannot be seen: they are not recorded, the weights are all the same"
            self._say_once("batched", "note", text)
        return layers

    def _passing(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[], None] | None:
        """A pass of the model begins; return what ends it."""
        training = self._root.training
        watch = self._train if training else self._evaluation
        end = None
        with self._guard(watch.turns):
            if training:
                self.forwards += 1
                self._begin()
                chosen = self._chosen if self._recording else None
            else:
                chosen = self._choose(watch)
            if chosen is not None:
                # Before the first record of some of the layers all are looked through.
                survey = None if watch.turns.surveyed or self._allowance.left == inf else watch.turns.affordable()
                modules = self._modules
                if survey is None:
                    modules = {path: module for path, module in modules.items() if path in chosen}
                watch.recorder.limit = watch.turns.limit
                watch.recorder.start(modules, counted_in_a_pass(args, kwargs, self._root), survey=survey)
                end = partial(self._passed, watch, survey is not None)
        return end

    def _passed(self, watch: Watch, surveyed: bool) -> None:  # noqa: FBT001 - bound above
        watch.recorder.stop()
        if surveyed:
            with self._guard(watch.turns):
                watch.turns.learn(watch.recorder.survey)
                if watch is self._train:
                    self._chosen = watch.recorder.survey.looked
        if watch is self._evaluation:
            watch.turns.done()
            self._budget.setting_up = False

    def _choose(self, watch: Watch) -> AbstractSet[str] | None:
        """Choose what the step, or the evaluation pass, that begins records; None for nothing."""
        if self.paused or not watch.turns.ready():
            return None
        self._budget.setting_up |= watch.turns.first
        self._look_around()
        return watch.turns.choose()

    def _begin(self) -> None:
        """Decide about the step that begins, unless it has begun before."""
        if not self._open:
            self._open = True
            chosen = self._choose(self._train)
            self._recording, self._chosen = chosen is not None, chosen or frozenset()
            if self._recording and not self._optimizer_hooked:
                with self._guard():
                    self._weights[0].before(self._chosen)

    def _begin_blindly(self) -> None:
        """Begin right after the last step, where neither a forward nor the optimizer says when one begins."""
        if self.blind and not self._optimizer_hooked:
            self._begin()

    def _before_update(self, weights: WeightWatch, optimizer: Any, *_: Any) -> None:
        if self.blind:
            self._begin()
        if self._recording:
            with self._guard(self._train.turns):
                weights.before(self._chosen)
                # A fused optimizer takes the scaled gradients, and their scale beside them.
                weights.gradients(getattr(optimizer, "grad_scale", None))

    def _after_update(self, weights: WeightWatch, *_: Any) -> None:
        if self._recording:
            with self._guard(self._train.turns):
                weights.after()

    def _look_around(self) -> None:
        """Listen to the modules that the model has now, as far as they are chosen and can be seen."""
        tree = modules_of(self.named)
        changed = tree != self._tree
        if changed:
            for what, paths in (
                ("added", [path for path in tree if path not in self._tree]),
                ("replaced", [path for path in tree if self._tree.get(path, tree[path]) is not tree[path]]),
                ("removed", [path for path in self._tree if path not in tree]),
            ):
                if paths and self._tree:
                    more = " and others" if len(paths) > _NAMED else ""
                    self._tell("model", f"{what}: {', '.join(map(repr, paths[:_NAMED]))}{more}", "")
            self._tree = tree
        if changed or self._listening_to is not self._wanted:
            opaque = [path for path, module in tree.items() if is_compiled(module)]
            hidden = {path for path in tree if any(path == o or path.startswith(f"{o}.") for o in opaque)}
            if hidden:
                self._say_once(
                    "compiled", "note", f"{len(hidden)} layers are inside a compiled module, where they cannot be seen"
                )
            wanted = self._listening_to = self._wanted
            self._modules = {
                path: module
                for path, module in tree.items()
                if path not in hidden and (wanted is None or path in wanted)
            }
            # Weights have their turn with the layer that they belong to; some belong to the model itself, and some to
            # modules that are not recorded.
            trained = Counter(
                name.rpartition(".")[0] for name, weight in self.named.named_parameters() if weight.requires_grad
            )
            for watch in (self._train, self._evaluation):
                own = trained if watch is self._train else {}
                paths = [path for path in ("", *tree) if path in self._modules or path in own]
                watch.turns.rotate({path: own.get(path, 0) for path in paths})

    def _notice_silence(self, layers: Mapping[str, Statistics]) -> None:
        """Say when a layer that was called in earlier steps is not called any more."""
        for name in layers:
            if self._missed.get(name, 0) >= _MISSED:
                self._tell("layer", f"{name!r} is called again", name)
            self._missed[name] = 0
        for name in self._missed:
            if name not in layers and name.partition("#")[0] in self._chosen & self._modules.keys():
                self._missed[name] += 1
                if self._missed[name] == _MISSED:
                    self._tell("layer", f"{name!r} was not called in the last {_MISSED} recorded steps", name)

    def _say_once(self, key: str, kind: str, text: str) -> None:
        if key not in self._said:
            self._said.add(key)
            self._tell(kind, text, "")


def unwrapped(model: nn.Module) -> nn.Module:
    """The user's own module inside what distributes or compiles it: its names are those of the layer table."""
    while True:
        if isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            model = model.module
        elif type(model).__name__ == "OptimizedModule":
            model = model.get_submodule("_orig_mod")  # what torch.compile wrapped
        else:
            return model
