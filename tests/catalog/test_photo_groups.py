"""Names of groups of photos."""

import pytest

from headstart.catalog.photo import Photo
from headstart.catalog.photo_groups import name_groups


def make_photo(number, **options):
    return Photo(f"{number}.jpg", "cats", digest=f"{number:064x}", split="test", **options)


def test_photos_without_groups_have_no_names():
    assert name_groups([make_photo(0), make_photo(1)]) is None
    assert name_groups([make_photo(0, group="a"), make_photo(1, group="b")]) is None


@pytest.mark.parametrize(
    "pair",
    [
        [make_photo(0, group="a"), make_photo(1, group="a")],
        [make_photo(0, near_copies="a"), make_photo(1, near_copies="a")],
        [make_photo(0), make_photo(0)],
    ],
    ids=["group", "near copies", "copies"],
)
def test_photos_that_belong_together_share_a_name(pair):
    first, second, third = name_groups([*pair, make_photo(2)])
    assert first == second != third
