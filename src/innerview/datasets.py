"""Data sets for the notebooks and the tests, read from disk: nothing is downloaded."""

from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch.utils.data import TensorDataset

from innerview.errors import DataError

if TYPE_CHECKING:
    from os import PathLike


class Split(NamedTuple):
    """A data set in two parts.

    Attributes:
        train: samples to fit a model on; ``train[i]`` is ``(image [C, H, W], label)``.
        test: samples to look at.
        classes: the name of each label.
    """

    train: TensorDataset
    test: TensorDataset
    classes: list[str]


def digits() -> Split:
    """Handwritten digits of 8 x 8 pixels that come with scikit-learn: 1,437 to train on and 360 to test on.

    Images are float32 ``[1, 8, 8]`` from 0 to 1. The parts are drawn at random with a fixed seed, each class in the
    same proportion.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.
    """
    from sklearn.datasets import load_digits  # noqa: PLC0415 - scikit-learn takes half a second to import
    from sklearn.model_selection import train_test_split  # noqa: PLC0415 - slow to import

    data: Any = load_digits()
    order = train_test_split(np.arange(len(data.target)), test_size=0.2, random_state=0, stratify=data.target)
    images = torch.from_numpy(data.images.astype(np.float32) / 16.0)[:, None]
    labels = torch.from_numpy(data.target.astype(np.int64))
    train, test = (TensorDataset(images[part], labels[part]) for part in order)
    return Split(train, test, [str(digit) for digit in range(10)])


def mnist(root: str | PathLike[str] | None = None) -> Split:
    """MNIST from a folder in torchvision's layout (``root/MNIST/raw/train-images-idx3-ubyte.gz`` and so on).

    Images are float32 ``[1, 28, 28]`` from 0 to 1.

    Args:
        root: the folder that holds ``MNIST/``; when None, the one that the environment variable INNERVIEW_MNIST names,
            else ``data/mnist``.

    Raises:
        DataError: the files are not there. Nothing is downloaded.

    Source: Y. LeCun, C. Cortes and C. J. C. Burges, The MNIST database of handwritten digits, 1998.
    """
    raw = Path(root or os.environ.get("INNERVIEW_MNIST") or "data/mnist") / "MNIST" / "raw"
    parts = []
    for part in ("train", "t10k"):
        images = _read_idx(raw / f"{part}-images-idx3-ubyte")
        labels = _read_idx(raw / f"{part}-labels-idx1-ubyte")
        scaled = torch.from_numpy(images.astype(np.float32) / 255.0)[:, None]
        parts.append(TensorDataset(scaled, torch.from_numpy(labels.astype(np.int64))))
    return Split(parts[0], parts[1], [str(digit) for digit in range(10)])


def _read_idx(path: Path) -> np.ndarray:
    # torchvision.datasets.MNIST reads only the unpacked files and wants a writable folder to unpack the .gz ones to.
    packed = path.with_name(path.name + ".gz")
    if not path.exists() and not packed.exists():
        raise DataError(
            f"no MNIST here: neither {path} nor {packed.name} beside it exists. "
            "Give the folder that holds MNIST/raw; torchvision.datasets.MNIST(root, download=True) makes one."
        )
    content = path.read_bytes() if path.exists() else gzip.decompress(packed.read_bytes())
    # The idx format: two zero bytes, 0x08 for uint8, the number of axes, each size as big-endian uint32, the values.
    zeros, kind, axes = struct.unpack_from(">HBB", content)
    shape = struct.unpack_from(f">{axes}I", content, 4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    if zeros != 0 or kind != 8 or values.size != np.prod(shape, dtype=np.int64):  # noqa: PLR2004 - 8 is idx's uint8
        raise DataError(f"{path} is not an idx file of bytes: kind {kind}, shape {shape}, {values.size} values")
    return values.reshape(shape)
