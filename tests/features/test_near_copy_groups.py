"""Groups of near copies."""

from headstart.features.near_copies import CopyPair
from headstart.features.near_copy_groups import name_groups


def pair(first, second, correlation=1.0):
    return CopyPair(first, second, "copy", correlation, None)


def test_a_group_is_named_by_its_smallest_digest():
    pairs = [pair("c", "d"), pair("a", "b"), pair("b", "c"), pair("x", "y")]
    assert name_groups(pairs) == {"a": "a", "b": "a", "c": "a", "d": "a", "x": "x", "y": "x"}
    assert name_groups(reversed(pairs)) == name_groups(pairs)
