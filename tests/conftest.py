"""What all tests share: a torchvision that can be imported beside a CPU build of torch; one thread each."""

import os

# The tests run side by side, one process a core: threads of several processes on one core wait for each other at every
# small operation, for milliseconds each time. In the environment, before anything of it is loaded, since
# `torch.set_num_threads` is only for the thread that calls it, and not for scikit-learn nor for what torch compiles.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import torchvision_on_cpu  # noqa: F401 - after what is above; imported for its effect
