"""The numbers of photos per class and in total are close to the shares."""

from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.catalog.split_sizes import count_quotas

SHARES = [{"train": 70, "validation": 15, "test": 15}, {"train": 80, "validation": 20}, {"train": 100}]
sizes = st.dictionaries(st.text("abcdef", min_size=1), st.integers(0, 300), min_size=1, max_size=20)


@settings(deadline=None)
@given(sizes, st.sampled_from(SHARES))
def test_every_photo_is_counted_once_and_close_to_its_share(sizes, shares):
    quotas = count_quotas(sizes, shares)
    assert quotas.keys() == sizes.keys()
    for label, quota in quotas.items():
        assert sum(quota.values()) == sizes[label]
        for split, percent in shares.items():
            assert quota[split] >= 0
            if sizes[label] > 3:
                assert abs(quota[split] - sizes[label] * percent / 100) < 1


@settings(deadline=None)
@given(sizes, st.sampled_from(SHARES))
def test_a_class_with_a_photo_for_each_split_is_in_each(sizes, shares):
    for label, quota in count_quotas(sizes, shares).items():
        if sizes[label] >= len(shares):
            assert min(quota.values()) >= 1


def test_many_equal_classes_do_not_all_round_the_same_way():
    quotas = count_quotas({f"{n:03}": 10 for n in range(100)}, SHARES[0])
    totals = {split: sum(quota[split] for quota in quotas.values()) for split in SHARES[0]}
    assert totals == {"train": 700, "validation": 150, "test": 150}


def test_tiny_classes_go_to_the_first_split_as_a_whole():
    assert count_quotas({"a": 2}, SHARES[0], tiny={"a"}) == {"a": {"train": 2, "validation": 0, "test": 0}}


def test_a_small_class_does_not_change_exact_shares():
    assert count_quotas({"a": 1000, "b": 3}, SHARES[0]) == {
        "a": {"train": 700, "validation": 150, "test": 150},
        "b": {"train": 1, "validation": 1, "test": 1},
    }
