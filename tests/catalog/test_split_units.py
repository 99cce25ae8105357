"""Units join groups and identical photos, and are shuffled by content and seed alone."""

from headstart.catalog.split_units import join_units


def members(photos, seed=0):
    return {frozenset(photos[i].path.name for i in unit.members) for unit in join_units(photos, seed)}


def test_different_photos_are_units_of_their_own(make_photo):
    photos = [make_photo(name) for name in "abc"]
    assert members(photos) == {frozenset("a"), frozenset("b"), frozenset("c")}


def test_identical_photos_and_groups_join_through_each_other(make_photo):
    photos = [
        make_photo("a", digest="1", group="anna"),
        make_photo("b", digest="2", group="anna"),
        make_photo("c", digest="2", group="bert"),
        make_photo("d", digest="3", group="bert"),
        make_photo("e", digest="3"),
        make_photo("f", digest="4", group="carl"),
    ]
    assert members(photos) == {frozenset("abcde"), frozenset("f")}


def test_a_group_named_like_a_digest_is_not_joined_with_it(make_photo):
    photos = [make_photo("a", digest="x"), make_photo("b", digest="y", group="x")]
    assert members(photos) == {frozenset("a"), frozenset("b")}


def test_counts_are_by_label(make_photo):
    photos = [
        make_photo("a", "dogs", group="g"),
        make_photo("b", "cats", group="g"),
        make_photo("c", "cats", group="g"),
    ]
    (unit,) = join_units(photos, 0)
    assert list(unit.counts.items()) == [("cats", 2), ("dogs", 1)]


def test_the_order_depends_on_content_and_seed_only(make_photo):
    photos = [make_photo(f"{n}", digest=f"d{n}") for n in range(50)]
    renamed = [make_photo(f"other {n}", digest=f"d{n}") for n in range(50)]
    renamed.reverse()

    def digests(rows, seed):
        return [rows[unit.members[0]].digest for unit in join_units(rows, seed)]

    assert digests(photos, 0) == digests(renamed, 0)
    assert digests(photos, 0) != digests(photos, 1)
    assert sorted(digests(photos, 0)) != digests(photos, 0)
