"""The cache: within its budget whatever grows, the newest stay, and any thread may ask."""

import threading
from dataclasses import dataclass

import numpy as np

from innerview.study.cache import Cache


@dataclass
class Held:
    nbytes: int


def test_the_ones_not_asked_for_the_longest_go_first():
    cache = Cache(100)
    for name in "abc":
        cache.put(name, Held(40))
    assert [cache.get(name) is not None for name in "abc"] == [False, True, True]
    cache.get("b")
    cache.put("d", Held(40))
    assert [cache.get(name) is not None for name in "bcd"] == [True, False, True]


def test_what_grows_after_it_was_put_counts():
    cache = Cache(100)
    growing = Held(10)
    cache.put("growing", growing)
    cache.put("other", Held(10))
    growing.nbytes = 200
    cache.trim()
    assert cache.get("growing") is None
    assert cache.get("other") is not None


def test_neighbours_components_and_pictures_count(trained, digits):
    from innerview.session.inspector import Inspector  # noqa: PLC0415 - of this test alone

    with Inspector(trained, digits.test) as inspector:
        made = inspector.embed("classifier.1", samples=200)
        sizes = [made.representation.nbytes]
        inspector.embed("classifier.1", "tsne", samples=200)
        sizes.append(made.representation.nbytes)
        inspector.similarity("classifier.1", rank=4, samples=200)
        sizes.append(made.representation.nbytes)
        found = made.representation._neighbours
        assert sizes[1] - sizes[0] >= found.indices.nbytes + found.distances.nbytes + 200 * 2 * 4
        assert sizes[2] - sizes[1] >= 64 * 64 * 4 * 0.9  # 64 components, or one less, of 64 elements
        inspector.subject.cache.budget = sizes[2] // 2
        inspector.embed("classifier.3", samples=200)
        again = inspector.embed("classifier.1", samples=200)
        assert again.representation is not made.representation  # it went, as the budget counts all of it


def test_threads_may_put_and_get_at_once():
    cache = Cache(1000)
    errors = []

    def storm(seed):
        draw = np.random.default_rng(seed)
        try:
            for _ in range(3000):
                key = int(draw.integers(50))
                cache.put(key, Held(int(draw.integers(100))))
                cache.get(int(draw.integers(50)))
        except Exception as error:  # noqa: BLE001 - told below
            errors.append(error)

    threads = [threading.Thread(target=storm, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sum(one.nbytes for one in cache._held.values()) <= 1000
