import math
import subprocess
import sys

import pytest

from innerview.analysis.layouts.embedding_cost import estimate_seconds, neighbours_needed
from innerview.errors import DataError


def test_neighbours_needed_are_what_the_methods_look_at():
    assert neighbours_needed("tsne", 1000) == 90
    assert neighbours_needed("tsne", 1000, perplexity=7.5) == 22
    assert neighbours_needed("tsne", 50) == 49
    assert neighbours_needed("umap", 1000) == 14
    assert neighbours_needed("umap", 1000, n_neighbors=30) == 29
    assert neighbours_needed("umap", 5, n_neighbors=30) == 4


def test_more_work_is_said_to_take_longer():
    for method in ("tsne", "umap"):
        times = [estimate_seconds(method, n) for n in (4, 100, 5_000, 20_000, 1_000_000)]
        assert times == sorted(times)
        assert all(math.isfinite(each) and each > 0 for each in times)
    assert estimate_seconds("tsne", 5_000, dimensions=3) > estimate_seconds("tsne", 5_000)
    assert estimate_seconds("umap", 5_000, n_neighbors=30) > estimate_seconds("umap", 5_000)


def test_the_first_umap_of_a_process_is_said_to_take_longer_and_nothing_heavy_is_imported():
    script = """
import sys
from innerview.analysis.layouts.embedding_cost import estimate_seconds
first = estimate_seconds("umap", 100)
assert not {"umap", "numba", "openTSNE", "sklearn"} & set(sys.modules), sys.modules
from innerview.analysis.layouts.umap_layout import _compile
_compile()
assert estimate_seconds("umap", 100) < first
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


def test_another_method_is_refused():
    for asked in (lambda: neighbours_needed("pca", 10), lambda: estimate_seconds("pca", 10)):
        with pytest.raises(DataError, match="method='pca'; choose 'tsne' or 'umap'"):
            asked()
