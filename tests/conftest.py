"""What all tests share: a torchvision that can be imported beside a CPU build of torch."""

import torchvision_on_cpu  # noqa: F401 - imported for its effect
