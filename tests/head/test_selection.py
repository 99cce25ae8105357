"""Which rows are chosen: typical ones of groups without a label, doubtful ones that differ, and no near copies."""

import numpy as np
import pytest

from headstart.head.selection import (
    STRANGE,
    TYPICAL,
    UNDECIDED,
    Pool,
    choose_doubtful,
    choose_typical,
    measure_margins,
)

N = 120


@pytest.fixture
def blobs():
    """Rows of four groups of unequal size, 60, 30, 20 and 10, and the group of each."""
    generator = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2, 3], [60, 30, 20, 10])
    rows = np.eye(4)[truth] + generator.normal(0, 0.05, (N, 4))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), truth


def open_pool(free=None, copies=None):
    return Pool(np.ones(N, bool) if free is None else free, copies or {})


def nobody():
    return np.zeros(N, bool)


def test_each_group_gets_a_typical_row_the_largest_first(blobs):
    rows, truth = blobs
    chosen = choose_typical(rows, nobody(), open_pool(), 4, seed=2)
    assert truth[[one.row for one in chosen]].tolist() == [0, 1, 2, 3]
    assert [one.n_alike for one in chosen] == [60, 30, 20, 10]
    assert {(one.kind, one.n_labelled) for one in chosen} == {(TYPICAL, 0)}
    for one in chosen:
        own = rows[truth == truth[one.row]]
        distances = np.linalg.norm(own - rows[one.row], axis=1)
        assert distances.mean() <= np.median(np.linalg.norm(own[:, None] - own, axis=2).mean(1))


def test_groups_with_a_label_come_last(blobs):
    rows, truth = blobs
    is_labelled = nobody()
    is_labelled[0] = True
    chosen = choose_typical(rows, is_labelled, open_pool(~is_labelled), 3, seed=2)
    assert truth[[one.row for one in chosen]].tolist() == [1, 2, 3]


def test_more_rows_than_groups_are_chosen_and_none_twice(blobs):
    rows, _ = blobs
    chosen = choose_typical(rows, nobody(), open_pool(), 50)
    assert len({one.row for one in chosen}) == 50
    everything = choose_typical(rows, nobody(), open_pool(), 500)
    assert sorted(one.row for one in everything) == list(range(N))


def test_a_chosen_row_takes_its_copies_out(blobs):
    rows, truth = blobs
    copies = {row: set(np.flatnonzero(truth == truth[row]).tolist()) for row in range(N)}
    for chosen in (
        choose_typical(rows, nobody(), open_pool(copies=copies), 50),
        choose_doubtful(rows, np.linspace(0, 1, N, dtype=np.float32), nobody(), open_pool(copies=copies), 50),
    ):
        assert sorted(truth[[one.row for one in chosen]].tolist()) == [0, 1, 2, 3]


def test_rows_that_are_not_free_are_never_chosen(blobs):
    rows, _ = blobs
    free = np.arange(N) % 2 == 0
    is_strange = np.arange(N) < 30
    margins = np.linspace(0, 1, N, dtype=np.float32)
    for chosen in (
        choose_typical(rows, ~free, open_pool(free), N), choose_doubtful(rows, margins, is_strange, open_pool(free), N)
    ):  # fmt: skip
        assert sorted(one.row for one in chosen) == list(range(0, N, 2))


def test_doubtful_rows_have_small_margins_and_differ(blobs):
    rows, truth = blobs
    margins = np.full(N, 0.9, np.float32)
    small = np.concatenate([np.flatnonzero(truth == group)[:10] for group in range(4)])
    margins[small] = np.linspace(0.01, 0.2, 40)
    chosen = choose_doubtful(rows, margins, nobody(), open_pool(), 4, seed=1)
    picked = [one.row for one in chosen]
    assert set(picked) <= set(small.tolist())
    assert sorted(truth[picked].tolist()) == [0, 1, 2, 3]
    assert [one.kind for one in chosen] == [UNDECIDED] * 4
    assert margins[picked].tolist() == sorted(margins[picked].tolist())


def test_strange_rows_come_last_and_do_not_crowd_out_the_others(blobs):
    rows, truth = blobs
    is_strange = truth > 0
    margins = np.where(is_strange, 0.01, 0.5).astype(np.float32) + np.linspace(0, 0.1, N, dtype=np.float32)
    chosen = choose_doubtful(rows, margins, is_strange, open_pool(), 6)
    kinds = [one.kind for one in chosen]
    assert kinds == sorted(kinds, reverse=True)  # undecided, then strange
    assert UNDECIDED in kinds  # although the 60 smallest margins are of strange rows
    assert all(is_strange[one.row] == (one.kind == STRANGE) for one in chosen)
    everything = choose_doubtful(rows, margins, is_strange, open_pool(), N)
    assert sorted(one.row for one in everything) == list(range(N))


def test_strange_rows_alone_are_chosen_if_there_are_no_others(blobs):
    rows, truth = blobs
    chosen = choose_doubtful(rows, np.linspace(0, 1, N, dtype=np.float32), truth >= 0, open_pool(), 30)
    assert [one.kind for one in chosen] == [STRANGE] * 30


def test_the_seed_decides(blobs):
    rows, _ = blobs
    one, same, other = (choose_typical(rows, nobody(), open_pool(), 30, seed=seed) for seed in (0, 0, 1))
    assert one == same
    assert one != other


def test_nothing_is_chosen_of_nothing():
    rows = np.empty((0, 4), np.float32)
    empty = np.empty(0, bool)
    assert choose_typical(rows, empty, Pool(empty, {}), 5) == []
    assert choose_doubtful(rows, np.empty(0, np.float32), empty, Pool(empty, {}), 5) == []


def test_large_clusters_are_ranked_in_parts(monkeypatch, blobs):
    rows, _ = blobs
    monkeypatch.setattr("headstart.head.selection.MAX_COMPARED", 7)
    assert len(choose_typical(rows, nobody(), open_pool(), N)) == N


def test_margins_of_two_classes():
    margins = measure_margins(np.array([[0.75, 0.25], [0.5, 0.5]], np.float32))
    assert margins.tolist() == [0.5, 0.0]
