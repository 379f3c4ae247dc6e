"""The hidden layers of a feed-forward network on MNIST as embeddings, trained and untrained: a published table again.

    make literature          all training images, one seed: half an hour on two cores
    python tests/literature/hidden_layers.py --samples 5000 --seeds 0 1

784-512-256-128-10 with ReLU, trained by SGD with learning rate 0.1 and momentum 0.9, batches of 64, 5 epochs on the
60,000 training images. Its input and its three hidden layers are embedded by t-SNE (perplexity 30) and UMAP (15
neighbours, min_dist 0.1), and scored by `innerview.embedding_quality`. docs/literature.md says what came out.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

import innerview as iv
from innerview.study.qualities import Row, measuring_table, table

if TYPE_CHECKING:
    from torch.utils.data import TensorDataset

LAYERS = {"0": "input", "2": "layer 1", "4": "layer 2", "6": "layer 3"}
COLUMNS = ["same_class", "different_class", "to_centroid", "between_centroids", "knn_accuracy"]

# (method, layer, model) -> the five columns. The digits are those of the published table.
PUBLISHED = {
    ("tsne", "input", "trained"): (0.3428, 1.0732, 0.2454, 1.0079, 0.9713),
    ("tsne", "input", "untrained"): (0.3428, 1.0732, 0.2454, 1.0079, 0.9713),
    ("tsne", "layer 1", "trained"): (0.3175, 1.0761, 0.2290, 1.0268, 0.9861),
    ("tsne", "layer 1", "untrained"): (0.3551, 1.0719, 0.2531, 1.0000, 0.9661),
    ("tsne", "layer 2", "trained"): (0.3049, 1.0775, 0.2209, 1.0326, 0.9915),
    ("tsne", "layer 2", "untrained"): (0.3833, 1.0687, 0.2731, 0.9817, 0.9529),
    ("tsne", "layer 3", "trained"): (0.3106, 1.0768, 0.2260, 1.0406, 0.9911),
    ("tsne", "layer 3", "untrained"): (0.4444, 1.0619, 0.3159, 0.9355, 0.9155),
    ("umap", "input", "trained"): (0.2124, 1.0878, 0.1479, 1.0475, 0.9688),
    ("umap", "input", "untrained"): (0.2135, 1.0877, 0.1486, 1.0452, 0.9684),
    ("umap", "layer 1", "trained"): (0.1806, 1.0913, 0.1275, 1.0632, 0.9852),
    ("umap", "layer 1", "untrained"): (0.2271, 1.0861, 0.1577, 1.0401, 0.9641),
    ("umap", "layer 2", "trained"): (0.1546, 1.0942, 0.1094, 1.0768, 0.9911),
    ("umap", "layer 2", "untrained"): (0.2600, 1.0825, 0.1801, 1.0245, 0.9486),
    ("umap", "layer 3", "trained"): (0.1772, 1.0917, 0.1270, 1.0729, 0.9908),
    ("umap", "layer 3", "untrained"): (0.3649, 1.0708, 0.2568, 0.9713, 0.8849),
}


def network(seed: int) -> nn.Sequential:
    """784-512-256-128-10 with ReLU, as it is before training."""
    torch.manual_seed(seed)
    widths = [784, 512, 256, 128]
    hidden = [part for a, b in itertools.pairwise(widths) for part in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(widths[-1], 10))


def train(model: nn.Module, data: TensorDataset, *, epochs: int, seed: int) -> None:
    """SGD with learning rate 0.1 and momentum 0.9, batches of 64."""
    images, labels = data.tensors
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(epochs):
        for batch in torch.randperm(len(data), generator=generator).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[batch]), labels[batch]).backward()
            optimizer.step()


def measure(
    data: TensorDataset, *, samples: int, seed: int, methods: tuple[str, ...] = ("tsne", "umap"), epochs: int = 5
) -> Any:
    """The table for one seed: a DataFrame with a row for each layer, model and method.

    The seed is that of the weights, of the training, of which samples are embedded, and of the embedding.
    """
    model, before = network(seed), network(seed)
    train(model, data, epochs=epochs, seed=seed)
    rows = []
    with iv.Inspector(model, data, baseline=before) as inspector:
        work = measuring_table(
            inspector.subject, list(LAYERS), methods, baseline=inspector.baseline.subject, samples=samples, seed=seed
        )
        for step in work:
            if isinstance(step, Row):
                rows.append(step)
                print(f"seed {seed}:", *list(table([step]).reset_index().loc[0]), file=sys.stderr, flush=True)
    return table(rows).rename(index=LAYERS, level="layer")


def main() -> None:
    """Print the published figures beside ours, mean and spread over the seeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=60_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--methods", nargs="+", default=["tsne", "umap"])
    chosen = parser.parse_args()
    data = iv.datasets.mnist().train
    tables = [measure(data, samples=chosen.samples, seed=s, methods=tuple(chosen.methods)) for s in chosen.seeds]
    print(f"{chosen.samples:,} samples, seeds {chosen.seeds}")
    print("| method | layer | model | " + " | ".join(COLUMNS) + " |")
    print("| --- " * (3 + len(COLUMNS)) + "|")
    for (method, layer, model), published in PUBLISHED.items():
        if method not in chosen.methods:
            continue
        found = [frame.loc[(layer, model, method), COLUMNS].astype(float) for frame in tables]
        cells = []
        for column, expected in zip(COLUMNS, published, strict=True):
            values = torch.tensor([float(one[column]) for one in found], dtype=torch.float64)
            spread = f" ± {values.std():.4f}" if len(values) > 1 else ""
            cells.append(f"{expected:.4f}: {values.mean():.4f}{spread}")
        print(f"| {method} | {layer} | {model} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
