"""The leading eigenvalues and eigenvectors of a symmetric matrix without negative eigenvalues."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    Pairs = tuple[torch.Tensor, torch.Tensor]

_INLINE = 768  # a matrix this size is decomposed in less than 0.1 s
_BLOCK = (16, 64)  # least and most columns multiplied at a time: so many cost little more than one
_ROOM = 64  # least dimensions of the span beyond three times those wanted
_CLOSE = 1e-3  # of an eigenvalue: a residual that leaves an error of about its square in the eigenvalue
_FLOOR = 3e-6  # of the largest eigenvalue: smaller residuals are float32's rounding


def leading_eigenpairs(
    product: Callable[[torch.Tensor], Generator[None, None, torch.Tensor]],
    size: int,
    rank: int,
    *,
    seed: int = 0,
    device: torch.device | str = "cpu",
) -> Generator[None, None, Pairs]:
    """Find the leading eigenpairs by a randomised block Krylov method: a few products with the matrix, never itself.

    It multiplies a block of random columns again and again, keeps every block orthonormal to all before, and takes the
    eigenvectors of the matrix seen from their span. It stops when each residual ``|A v - value v|`` is below a
    thousandth of its eigenvalue (then the eigenvalue is right to about 1e-6 of itself, or to float32's rounding of
    the largest), or when the span has ``3 rank`` and some dimensions, which happens where eigenvalues hardly decay:
    there the values come out up to a few per cent low.

    ``product`` takes float32 ``[size, b]`` on the device and is a generator that returns A times it.

    Returns:
        Values ``[rank]`` float64, descending, and orthonormal vectors ``[size, rank]`` float32.

    Source: C. Musco and C. Musco, Randomized block Krylov methods for stronger and faster approximate singular value
    decomposition, NeurIPS 2015.
    """
    width = min(max(_BLOCK[0], rank // 4), _BLOCK[1], size)
    room = min(size, 3 * rank + max(_ROOM, 4 * width))
    basis = torch.empty(size, room, dtype=torch.float32, device=device)
    image = torch.empty_like(basis)
    random = torch.Generator().manual_seed(seed)
    block = torch.linalg.qr(torch.randn(size, width, generator=random, dtype=torch.float32, device="cpu").to(device)).Q
    used, check = 0, 2 * rank
    while True:
        new = slice(used, used + block.shape[1])
        basis[:, new] = block
        image[:, new] = yield from product(block)
        used = new.stop
        if used >= min(room, check):
            values, vectors, residuals = yield from _ritz(basis[:, :used], image[:, :used], rank)
            check = used + max(width, rank)  # looking costs more than a product
            if used == room or bool((residuals <= torch.clamp(_CLOSE * values, min=_FLOOR * values[0].item())).all()):
                return values, torch.linalg.qr(vectors).Q
        block = _orthonormal_to(basis[:, :used], image[:, new][:, : room - used])
        yield


def all_eigenpairs(matrix: torch.Tensor, rank: int) -> Generator[None, None, Pairs]:
    """Decompose a symmetric float64 matrix whole: exact to rounding, for small ones and for many of the eigenvectors.

    LAPACK cannot be interrupted: a large decomposition runs on a thread of its own while this waits, and one whose
    generator was closed ends in the background. Returns as ``leading_eigenpairs``.
    """
    values, vectors = yield from _eigh(matrix)
    return values.flip(0)[:rank].clamp(min=0), vectors.flip(1)[:, :rank].float()


def _eigh(matrix: torch.Tensor) -> Generator[None, None, Pairs]:
    if len(matrix) <= _INLINE:
        values, vectors = torch.linalg.eigh(matrix)
        yield
        return values, vectors
    found: list[Pairs | Exception] = []

    def decompose() -> None:
        try:
            values, vectors = torch.linalg.eigh(matrix)
            found.append((values, vectors))
        except Exception as error:  # noqa: BLE001 - raised below, where someone waits for it
            found.append(error)

    thread = Thread(target=decompose, name="innerview-eigh", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.03)
        yield
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]


def _ritz(
    basis: torch.Tensor, image: torch.Tensor, rank: int
) -> Generator[None, None, tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Find the best eigenpairs within the span of the basis, and the residual of each."""
    inner = (basis.T @ image).double()
    values, mix = yield from all_eigenpairs((inner + inner.T) / 2, rank)
    vectors = basis @ mix
    return values, vectors, torch.linalg.vector_norm(image @ mix - vectors * values.float(), dim=0)


def _orthonormal_to(basis: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    # Twice, since what little a column has outside the basis is mostly rounding the first time (Giraud et al. 2005).
    for _ in range(2):
        block = torch.linalg.qr(block - basis @ (basis.T @ block)).Q
    return block
