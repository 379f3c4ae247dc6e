"""What all tests share: a torchvision that can be imported beside a CPU build of torch; one thread each."""

import torch
import torchvision_on_cpu  # noqa: F401 - imported for its effect

# The tests run side by side, one process a core: threads of several processes on one core wait for each other at every
# small operation, for milliseconds each time.
torch.set_num_threads(1)
