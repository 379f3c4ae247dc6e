"""The layer table: every module of a model and every call of it, in execution order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from torch.nn.parameter import is_lazy

from innerview.errors import ForwardError, InnerviewError
from innerview.model.averages import SAMPLES, lacks_averages
from innerview.model.calls import Calls, modules_of, unknown_layer
from innerview.model.capture import forward
from innerview.model.outputs import activation, is_table, tensors
from innerview.model.status import Status, above, ran_uncompiled, why_never_called

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import nn

_COLUMNS = ("name", "kind", "shape", "size", "dtype", "parameters", "calls", "status", "note")


@dataclass(frozen=True, slots=True)
class Layer:
    """One call of one module.

    Attributes:
        name: unique in the table: the module's path, with ``#2`` for its second call.
        path: the module's path in ``model.named_modules()``.
        call: which call of the module, from 1.
        kind: the module's class.
        depth: how many modules it sits in, from 0.
        shape: shape of the activation for one sample, without the batch axis; the whole shape when ``batch_axis`` is
            None; None when there is no activation to see.
        batch_axis: which axis of the activation runs over the samples; None when none does.
        dtype: of the activation, such as "float32"; None without activation.
        size: number of elements of ``shape``; None without activation.
        parameters: number of parameters of the module and those inside it, shared ones counted once.
        calls: how often one forward calls the module.
        status: whether the activation can be seen.
        note: a sentence for the reader, empty when there is nothing to say.
    """

    name: str
    path: str
    call: int
    kind: str
    depth: int
    shape: tuple[int, ...] | None
    batch_axis: int | None
    dtype: str | None
    size: int | None
    parameters: int
    calls: int
    status: Status
    note: str


class Layers(Mapping[str, Layer]):
    """The rows of the layer table by name; iterating gives the names in execution order, parents before children.

    Attributes:
        widths: columns of the model's own outputs that have a row for each sample.
    """

    def __init__(self, rows: Iterable[Layer], widths: Sequence[int] = ()) -> None:
        self._rows = {row.name: row for row in rows}
        self.widths = list(widths)

    def __getitem__(self, name: str) -> Layer:
        """Return a row.

        Raises:
            UnknownLayerError: no such layer; the nearest names are offered.
        """
        try:
            return self._rows[name]
        except (KeyError, TypeError):
            raise unknown_layer(name, self._rows) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def to_frame(self) -> Any:
        """Return the table as a pandas DataFrame with one row a layer, indexed by name.

        Raises:
            InnerviewError: pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - optional, and slow to import
        except ImportError as error:
            raise InnerviewError("to_frame() makes a pandas DataFrame: pip install pandas") from error
        rows = [asdict(row) | {"status": str(row.status)} for row in self._rows.values()]
        return pd.DataFrame(rows, columns=list(Layer.__slots__)).set_index("name")

    def __repr__(self) -> str:
        cells = [["", *_COLUMNS[1:]], *([_cell(row, column) for column in _COLUMNS] for row in self._rows.values())]
        widths = [max(len(line[i]) for line in cells) for i in range(len(_COLUMNS))]
        lines = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in cells]
        return "\n".join(line.rstrip() for line in lines)


def trace_layers(  # noqa: C901 - one pass over the rows
    model: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    batch: int | None = None,
    more: tuple[tuple[Any, ...], Mapping[str, Any], int] | None = None,
    restore_rng: bool = True,
) -> Layers:
    """Make the layer table with one forward, or two, that leave no trace in the model.

    A batch's size is that of the first tensor's first axis unless ``batch`` says otherwise. ``more`` are args, kwargs
    and size of a batch of another number of samples: the axis whose length follows that number is the batch. Another
    may have its length by chance, as the two directions of an RNN's state. ``restore_rng`` is as for ``quiet``.

    Raises:
        ForwardError: the model rejected its input.
    """
    if batch is None:
        batch = next((tensor.shape[0] for _, tensor in tensors((args, dict(kwargs))) if tensor.ndim), 1)
    modules = modules_of(model)
    order: list[tuple[str, int]] = []
    seen: dict[tuple[str, int], _Seen] = {}
    shapes: dict[tuple[str, int], tuple[int, ...] | None] = {}

    def started(path: str, call: int) -> None:
        order.append((path, call))

    def returned(path: str, call: int, output: Any) -> None:
        seen[path, call] = _look(output, batch, shapes.get((path, call)), 0 if more is None else more[2])

    def returned_more(path: str, call: int, output: Any) -> None:
        tensor, _ = activation(output)
        shapes[path, call] = None if tensor is None else tuple(tensor.shape)

    if more is not None:
        with Calls(modules, returned_more), suppress(ForwardError):  # it raises again below, if it is not the number
            forward(model, more[0], more[1], restore_rng=restore_rng)
    with Calls(modules, returned, started) as calls:
        output = forward(model, args, kwargs, restore_rng=restore_rng)
    tree = {"": model, **modules}
    also = _other_names(model, modules)
    parameters = {path: _count(module) for path, module in modules.items()}
    rows = []
    for path, call in _placed(list(modules), order):
        found = seen.get((path, call))
        count = calls.counts[path]
        notes = [also.get(path, "")]
        if count == 0:
            status, why = why_never_called(tree, path, calls.counts)
            notes.insert(0, why)
            found = None
        elif found is None:
            status = Status.NO_TENSOR
            notes.insert(0, "raised an error in this forward, which the model caught")
        else:
            status = Status.NO_TENSOR if found.shape is None else Status.SEEN
            notes.insert(0, found.note)
            if lacks_averages(modules[path]):
                notes.append(f"keeps no running averages: those over {SAMPLES} samples of the data stand in for them")
            if status is Status.SEEN and ran_uncompiled(tree, path, calls.counts):
                notes.append("compiled: the values are those of the uncompiled module")
        if count > 1:
            notes.insert(0, f"called {count} times: each call is a row")
        shape = found.shape if found else None
        rows.append(
            Layer(
                name=path if call == 1 else f"{path}#{call}",
                path=path,
                call=call,
                kind=kind_of(modules[path]),
                depth=path.count("."),
                shape=shape,
                batch_axis=found.batch_axis if found else None,
                dtype=found.dtype if found else None,
                size=None if shape is None else prod(shape),
                parameters=parameters[path],
                calls=count,
                status=status,
                note="; ".join(note for note in notes if note),
            )
        )
    return Layers(rows, [tensor.shape[1] for _, tensor in tensors(output) if is_table(tensor)])


@dataclass(frozen=True, slots=True)
class _Seen:
    """The facts kept of one call, without its tensors."""

    shape: tuple[int, ...] | None
    batch_axis: int | None
    dtype: str | None
    note: str


def _look(output: Any, batch: int, other: tuple[int, ...] | None, count: int) -> _Seen:
    """The facts of an output for ``batch`` samples, and the axis that has that length here and ``count`` in another."""
    tensor, note = activation(output)
    if tensor is None:
        return _Seen(None, None, None, note)
    shape = tuple(tensor.shape)
    dtype = str(tensor.dtype).removeprefix("torch.")
    alike = other is not None and len(other) == len(shape)
    axes = [axis for axis, length in enumerate(shape) if length == batch]
    axis = next((axis for axis in axes if not alike or other[axis] == count), None)  # type: ignore[index] - alike
    if axis is not None:
        return _Seen(shape[:axis] + shape[axis + 1 :], axis, dtype, note)
    # Windows of an image, the nodes of graphs: each sample has so many rows, and they lie end to end.
    rows = [a for a, n in enumerate(shape) if alike and n and n % batch == 0 and other[a] * batch == n * count]  # type: ignore[index] - alike
    if rows:
        shape = (*shape[: rows[0]], shape[rows[0]] // batch, *shape[rows[0] + 1 :])
        mixed = f"the samples lie end to end in axis {rows[0]}: the shape of one alone is given"
    else:
        mixed = f"no axis has the length of the batch ({batch}): the samples are mixed, and the whole shape is given"
    return _Seen(shape, None, dtype, f"{note}; {mixed}" if note else mixed)


def _placed(paths: list[str], order: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Sort the rows: calls by their start, each module that was never called where a reader looks for it.

    A module that only holds others comes right before the first of them; any other that was never called follows the
    sibling that is defined before it, or is the first under its parent. ``paths`` are all modules, parents first, and
    ``order`` the calls by their start.
    """
    placed = _with_holders(paths, order)
    live = {path for path, _ in placed}
    # The last row of each subtree, counting first calls only: later calls may be far away, in another block.
    anchor: dict[str, tuple[str, int] | None] = {"": None}
    for path, call in placed:
        if call == 1:
            anchor |= dict.fromkeys((*above(path), path), (path, call))
    previous: dict[str, str] = {}
    after: dict[tuple[str, int] | None, list[str]] = {}
    for path in paths:
        parent = path.rpartition(".")[0]
        if path not in live:
            if parent in previous and (parent in live or not parent):
                anchor[path] = anchor[previous[parent]]
            else:
                anchor[path] = (parent, 1) if parent in live else anchor[parent]
            after.setdefault(anchor[path], []).append(path)
        previous[parent] = path
    result = [(path, 1) for path in after.get(None, [])]
    for row in placed:
        result.append(row)
        result += [(path, 1) for path in after.get(row, [])]
    return result


def _with_holders(paths: list[str], order: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Put each module that was never called itself, but something in it was, before the first such call."""
    known = set(paths)
    done = {path for path, _ in order}
    rows: list[tuple[str, int]] = []
    for path, call in order:
        for holder in above(path):
            if holder in known and holder not in done:
                rows.append((holder, 1))
                done.add(holder)
        rows.append((path, call))
    return rows


def _other_names(model: nn.Module, modules: Mapping[str, nn.Module]) -> dict[str, str]:
    """Note modules that the model holds under several names: their calls cannot be told apart by name."""
    first = {id(module): path for path, module in modules.items()}
    others: dict[str, list[str]] = {}
    for path, module in model.named_modules(remove_duplicate=False):
        if path and first.get(id(module), path) != path:
            others.setdefault(first[id(module)], []).append(path)
    return {path: f"the same module as {', '.join(names[:5])}" for path, names in others.items()}


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters() if not is_lazy(parameter))


def kind_of(module: nn.Module) -> str:
    """Name the class of a module; a ScriptModule keeps the name of the class it was made from."""
    name = getattr(module, "original_name", None)
    return name if isinstance(name, str) else type(module).__name__


def _cell(row: Layer, column: str) -> str:
    value = getattr(row, column)
    if column == "name":
        return "  " * row.depth + row.name
    if value is None:
        return "-"
    if column == "shape":
        return " x ".join(map(str, value)) or "scalar"
    return f"{value:,}" if isinstance(value, int) else str(value)
