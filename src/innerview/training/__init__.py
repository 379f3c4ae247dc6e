"""The training monitor: recording, judging and acting while a model learns."""

from innerview.training import callbacks as callbacks
