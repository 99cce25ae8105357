"""Blocks hold every photo once and in order, and everything that decides their features changes their name."""

from dataclasses import replace

import pytest

from headstart.catalog.manifest import Manifest
from headstart.catalog.scan import scan_photos
from headstart.catalog.source_listing import ListedPhoto
from headstart.features import photo_blocks
from headstart.features.photo_blocks import Block, divide_into_blocks, list_blocks


def list_photos(n):
    return [ListedPhoto(f"{number}.jpg", "a", None) for number in range(n)]


@pytest.mark.parametrize(("n", "sizes"), [(0, []), (1, [1]), (256, [256]), (600, [256, 256, 88])])
def test_every_photo_is_in_one_block(n, sizes):
    cut = list(divide_into_blocks(list_photos(n), n))
    assert [len(block.photos) for block in cut] == sizes
    assert [one for block in cut for one in block.photos] == list_photos(n)
    assert [block.number for block in cut] == list(range(len(sizes)))


def test_many_photos_make_larger_blocks(monkeypatch):
    monkeypatch.setattr(photo_blocks, "FEWEST", 2)
    monkeypatch.setattr(photo_blocks, "MOST", 8)
    monkeypatch.setattr(photo_blocks, "N_BLOCKS", 4)
    sizes = [len(next(divide_into_blocks(list_photos(n), n)).photos) for n in (4, 20, 400)]
    assert sizes == [2, 5, 8]


def test_a_block_is_restored_from_json():
    block = Block(
        3, (ListedPhoto("\udcff.jpg", "a", "train", group="g", weight=2.0, digest="00"),), stamps=("1 2",), n_total=7
    )
    assert Block.from_bytes(block.to_bytes()) == block
    assert Block.from_bytes(Block(0, shard="a.tar").to_bytes()).shard == "a.tar"


def test_everything_that_decides_a_part_changes_its_name():
    block = Block(0, (ListedPhoto("a.jpg", "a", None),), stamps=("1 2",))
    others = [
        replace(block, number=1), replace(block, stamps=("1 3",)), replace(block, shard="a.tar"),
        replace(block, photos=(ListedPhoto("a.jpg", "b", None),)),
        replace(block, photos=(ListedPhoto("b.jpg", "a", None),)),
    ]  # fmt: skip
    names = {one.name_part("recipe") for one in (block, *others)} | {block.name_part("other")}
    assert len(names) == 7
    assert replace(block, n_total=5).name_part("recipe") in names  # photos of other blocks do not change the name
    assert min(names).startswith("part-0000000-")


def test_a_changed_file_has_another_stamp(make_folder):
    folder = make_folder(n=2)
    before = next(list_blocks(folder))
    (folder / "dots" / "000.jpg").write_bytes(b"\xff\xd8\xff other")
    after = next(list_blocks(folder))
    assert [a == b for a, b in zip(before.stamps, after.stamps, strict=True)] == [False, True, True, True]


def test_blocks_are_followed_by_facts_about_the_source(make_folder, tmp_path, write_shard):
    pytest.importorskip("pyarrow")
    from pyarrow import Table, parquet

    folder = make_folder(n=2)
    (folder / "loose.jpg").write_bytes(b"")
    *listed, facts = list_blocks(folder)
    assert isinstance(facts, Manifest)
    assert [len(block.photos) for block in listed] == [4]
    assert (facts.labels, facts.n_blocks) == (("dots", "stripes"), 1)
    assert [skip.path.name for skip in facts.skipped] == ["loose.jpg"]

    *listed, _ = list_blocks(scan_photos(folder))
    assert all(photo.digest and photo.split for photo in listed[0].photos)

    table = tmp_path / "pets.parquet"
    parquet.write_table(Table.from_pydict({"path": ["a.jpg"] * 1, "label": ["x"]}), table)
    *listed, facts = list_blocks(table)
    assert listed[0].photos == (ListedPhoto(str(tmp_path / "a.jpg"), "x", None),)
    assert facts.plan is not None

    shards = tmp_path / "shards"
    shards.mkdir()
    write_shard(shards / "train-0.tar", {"x/1.jpg": b"\xff\xd8\xff"})
    write_shard(shards / "train-1.tar", {"x/2.jpg": b"\xff\xd8\xff"})
    *listed, facts = list_blocks(shards)
    assert [block.shard for block in listed] == [str(shards / "train-0.tar"), str(shards / "train-1.tar")]
    assert facts.plan is None
