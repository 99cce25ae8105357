"""Findings are listed in the order in which to look at them."""

from headstart.inspection.finding import KINDS, Finding
from headstart.inspection.ordering import KINDS_IN_ORDER, drop_explained, order_findings


def find(kind, score, gain=None):
    return Finding(kind=kind, photos=(f"{kind}{score}",), digests=("",), score=score, evidence="", gain=gain)


def test_every_kind_has_a_place():
    assert sorted(KINDS_IN_ORDER) == sorted(KINDS)


def test_the_parts_of_the_list_have_their_order():
    expected = [
        find("shortcut", 0.1), find("few_photos", 0.9), find("copy", 1.0), find("wrong_label", 0.5, 0.8),
        find("outlier", 0.9, 0.2), find("copy", 0.6), find("blank", 0.9), find("lookalike", 1.0),
    ]  # fmt: skip
    assert order_findings(reversed(expected)) == expected


def test_a_blank_photo_has_no_wrong_label():
    def about(kind, digest):
        return Finding(kind=kind, photos=(digest,), digests=(digest,), score=0.9, evidence="")

    kept = [about("blank", "a"), about("wrong_label", "b"), about("dark", "c"), about("outlier", "d")]
    also = [about("wrong_label", "a"), about("outlier", "a"), about("odd_one", "c"), about("odd_one", "d")]
    unreadable = [Finding(kind="unreadable", photos=("e",), digests=("",), score=1, evidence="")] * 2
    assert drop_explained([*kept, *also, *unreadable]) == [*kept, *unreadable]
