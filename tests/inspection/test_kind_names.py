"""Kinds are found by the names that a user types."""

import pytest

from headstart.errors import AuditError
from headstart.inspection.finding import KINDS
from headstart.inspection.kind_names import find_droppable_kinds, find_kind


def test_every_kind_is_found_by_its_name_and_its_plural():
    assert [find_kind(kind, "select") for kind in KINDS] == list(KINDS)
    assert find_kind("Wrong labels", "select") == "wrong_label"


def test_kinds_of_a_list_are_found_once():
    assert find_droppable_kinds("copies, blank,copy,near-copies") == ("copy", "blank", "near_copy")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("blakn", r"got the kind 'blakn', need unreadable, copy, .* or shape\. Did you mean 'blank'\?"),
        ("wrong_label", r"Cannot leave out photos: got the kind 'wrong_label', need unreadable.* or shape\.$"),
        (" , ", "got no kind, need unreadable, copy"),
    ],
)
def test_other_kinds_are_refused(names, message):
    with pytest.raises(AuditError, match=message):
        find_droppable_kinds(names)
