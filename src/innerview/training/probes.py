"""Fixed samples that are run now and then, to see what the layers make of them as the training goes on."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from innerview.data.inputs import placed
from innerview.data.samples import Data
from innerview.errors import DataError
from innerview.model.calls import modules_of
from innerview.model.capture import forward
from innerview.training.record import Record
from innerview.training.recorder import Recorder

if TYPE_CHECKING:
    from torch import nn

_MOST = 16


class Probes:
    """Runs a model on each probe sample in evaluation mode, leaving no trace in it.

    The samples come in any form of an Inspector's data; a DataError when there are too many.
    """

    def __init__(self, model: nn.Module, source: Any) -> None:
        self.data = Data(source)
        if len(self.data) > _MOST:
            raise DataError(
                f"probes: {len(self.data)} samples were given, and at most {_MOST} can be followed; "
                f"choose some, as in torch.utils.data.Subset(dataset, range({_MOST}))"
            )
        self._model = model

    def run(self, step: int) -> list[Record]:
        """Look at each sample: a record each. A ForwardError when the model rejects one."""
        records = []
        modules = modules_of(self._model)
        for number in range(len(self.data)):
            batch = placed(self.data.batch([number]), self._model)
            recorder = Recorder(nullcontext)
            recorder.start(modules)
            try:
                forward(self._model, batch.args, batch.kwargs)
            finally:
                recorder.stop()
            records.append(Record(step, recorder.take(), recorder.kinds, f"probe {number}"))
        return records
