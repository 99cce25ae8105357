"""Groups of near copies, and chains of them."""

from collections import Counter

from headstart.features.near_copies import CopyPair
from headstart.features.near_copy_groups import LARGE, group_near_copies


def pair(first, second, correlation=1.0):
    return CopyPair(f"{first}", f"{second}", correlation, None)


def test_a_group_is_named_by_its_smallest_digest():
    pairs = [pair("c", "d"), pair("a", "b"), pair("b", "c"), pair("x", "y")]
    found = group_near_copies(pairs, 100)
    assert found.names == {"a": "a", "b": "a", "c": "a", "d": "a", "x": "x", "y": "x"}
    assert group_near_copies(pairs[::-1], 100).names == found.names
    assert not found.is_chained


def test_a_chain_over_much_of_the_set_is_cut_at_its_weakest_pairs():
    weak = [9, 19, 29, 39]
    pairs = [pair(f"{n:03}", f"{n + 1:03}", 0.9 if n in weak else 1.0) for n in range(49)]
    near_copies = group_near_copies(sorted(pairs, key=lambda pair: -pair.correlation), 200)
    assert near_copies.is_chained
    sizes = Counter(near_copies.names.values())
    assert len(near_copies.names) == 50
    assert max(sizes.values()) <= LARGE
    assert all(near_copies.names[f"{n:03}"] != near_copies.names[f"{n + 1:03}"] for n in weak)


def test_a_large_group_of_copies_of_each_other_stays_whole():
    digests = [f"{n:03}" for n in range(30)]
    pairs = [pair(one, other) for n, one in enumerate(digests) for other in digests[n + 1 :]]
    assert not group_near_copies(pairs, 200).is_chained
    assert group_near_copies(pairs, 100).is_chained  # it would fill a quarter of the set
    assert len(set(group_near_copies(pairs, 100).names.values())) > 1


def test_a_short_chain_stays_whole():
    pairs = [pair(f"{n:03}", f"{n + 1:03}") for n in range(LARGE - 1)]
    assert not group_near_copies(pairs, 40).is_chained


def test_groups_that_the_user_named_are_never_joined():
    pairs = [pair("a", "b", 0.9), pair("b", "c", 0.8), pair("c", "d", 0.7), pair("d", "e", 0.6)]
    given = {"a": "north", "b": None, "c": "south", "d": "south", "e": None}
    found = group_near_copies(pairs, 100, given)
    assert found.names == {"a": "a", "b": "a", "c": "c", "d": "c", "e": "c"}
    assert found.pairs == tuple(pairs)
    assert found.n_groups == 2
    assert group_near_copies(pairs[1:2], 100, given).n_groups == 1
    assert group_near_copies([pair("a", "c")], 100, given).n_groups == 0
    assert group_near_copies(pairs, 100, {}).names == dict.fromkeys("abcde", "a")


def test_across_are_the_photos_of_a_split_with_a_copy_in_training():
    near_copies = group_near_copies([pair("a", "b", 0.99), pair("a", "c", 0.95), pair("c", "d", 0.9)], 100)
    splits = {"a": "test", "b": "test", "c": "train", "d": "validation"}
    assert near_copies.list_across(splits, "test") == {"a": near_copies.pairs[1]}
    assert near_copies.list_across(splits, "validation") == {"d": near_copies.pairs[2]}
    assert near_copies.list_across({"a": "test"}, "test") == {}
