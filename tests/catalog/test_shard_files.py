"""Tar shards as in WebDataset: labels beside the photos, splits in the names."""

import hashlib
import json
import tarfile

import pytest

from headstart.catalog.photo import Skip
from headstart.catalog.scan import scan_labelled, scan_photos
from headstart.catalog.shard_files import find_shards, walk_samples
from headstart.errors import CatalogError
from headstart.pixels.photo_bytes import read_bytes

JPEG = b"\xff\xd8\xff\xe0 photo "


def make_sample(number, label=None, **beside):
    files = {f"{number:04d}.jpg": JPEG + str(number).encode()}
    if label is not None:
        files[f"{number:04d}.cls"] = label.encode()
    return files | {f"{number:04d}.{ending}": data for ending, data in beside.items()}


def test_labels_come_from_cls_json_or_folders(tmp_path, write_shard):
    files = make_sample(1, "cats\n") | make_sample(2, json=json.dumps({"label": "dogs"}).encode())
    files |= {"dogs/a.b.JPG": JPEG, "cats/c.txt": b"no photo", "cats/.d.jpg": JPEG}
    files |= make_sample(3) | make_sample(4, json=b"[") | make_sample(5, json=b"{}", txt=b"a caption")
    found = [found for found, _ in walk_samples(write_shard(tmp_path / "a.tar", files), tmp_path)]
    assert [one.label for one in found if not isinstance(one, Skip)] == ["cats", "dogs", "dogs"]
    reasons = [one.reason for one in found if isinstance(one, Skip)]
    assert [reason[:20] for reason in reasons] == [
        "has no label: need a",
        "its 0004.json is no ",
        "has no label: need a",
    ]


def test_shards_are_scanned_in_one_pass_and_their_photos_can_be_read(tmp_path, write_shard):
    for split, numbers in (("train", range(8)), ("val", range(8, 18))):
        files = {}
        for number in numbers:
            files |= make_sample(number, "cats" if number % 2 else "dogs")
        write_shard(tmp_path / f"pets-{split}-000.tar", files)
    catalog = scan_photos(tmp_path)
    assert {split: len(catalog.select(split)) for split in ("train", "validation", "test")} == {
        "train": 8, "validation": 8, "test": 2,
    }  # fmt: skip
    photo = catalog.photos[3]
    assert photo.file == str(tmp_path / "pets-train-000.tar" / "0003.jpg")
    assert hashlib.sha256(read_bytes(photo.path)).hexdigest() == photo.digest
    assert str(catalog.notes[0]) == (
        "Read as tar shards. The validation photos were split 80/20 at random: 8 validation, 2 test."
    )


def test_shards_in_folders_of_splits_and_a_single_one_are_found(tmp_path, write_shard):
    (tmp_path / "test").mkdir()
    for name in ("train.tar", "test/a.tar"):
        write_shard(tmp_path / name, make_sample(1, "cats"))
    assert [path.relative_to(tmp_path).as_posix() for path in find_shards(tmp_path)] == ["train.tar", "test/a.tar"]
    assert len(scan_labelled(tmp_path / "test" / "a.tar").photos) == 1


def test_folders_in_a_shard_may_be_splits(tmp_path, write_shard):
    shard = write_shard(tmp_path / "pets.tar", {"train/cats/1.jpg": JPEG, "valid/dogs/2.jpg": JPEG + b"2"})
    assert [(found.label, found.split) for found, _ in walk_samples(shard, tmp_path)] == [
        ("cats", "train"), ("dogs", "validation"),
    ]  # fmt: skip


def test_an_archive_beside_class_folders_is_ignored(make_folder, write_shard):
    folder = make_folder(n=3)
    write_shard(folder / "download.tar", make_sample(1, "cats"))
    assert find_shards(folder) == []
    assert len(scan_photos(folder).photos) == 6


def test_a_photo_may_have_dots_in_its_name_and_be_large(tmp_path, write_shard):
    data = JPEG + bytes(1_500_000)
    shard = write_shard(tmp_path / "a.tar", {"cats/IMG.2019.jpg": data})
    ((found, read),) = walk_samples(shard, tmp_path)
    assert (found.label, read) == ("cats", data)


def test_files_that_are_no_photos_are_left_out_before_the_split(tmp_path, write_shard):
    write_shard(tmp_path / "a.tar", {f"{label}/{n}.jpg": JPEG + f"{label}{n}".encode() for label in "xy" for n in "12"}
                | {"x/3.jpg": b"text"})  # fmt: skip
    catalog = scan_photos(tmp_path)
    assert len(catalog.photos) == 4
    assert [(skip.path.name, skip.reason) for skip in catalog.skipped] == [("3.jpg", "not a photo: no known signature")]


def test_the_split_comes_from_the_shard_and_not_from_the_source_folder(tmp_path, write_shard):
    home = tmp_path / "test"
    home.mkdir()
    for name in ("pets-train-0.tar", "pets-val-0.tar", "more.tar"):
        write_shard(home / name, make_sample(1, "cats"))
    splits = {path.name: next(walk_samples(path, home))[0].split for path in home.iterdir()}
    assert splits == {"pets-train-0.tar": "train", "pets-val-0.tar": "validation", "more.tar": None}
    assert next(walk_samples(home / "more.tar", tmp_path))[0].split == "test"


def test_shards_of_train_alone_are_split_at_random(tmp_path, write_shard):
    files = {f"pets/train/{label}/{n}.jpg": JPEG + f"{label}{n}".encode() for label in "xy" for n in range(10)}
    write_shard(tmp_path / "train-0.tar", files)
    catalog = scan_photos(tmp_path)
    assert all(catalog.select(split) for split in ("train", "validation", "test"))
    assert "70/15/15" in catalog.notes[0].text


def test_compressed_shards_are_refused(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(b"packed")
    with pytest.raises(CatalogError, match=r"got compressed archives \('a.tar.gz'\), .* Unpack them first"):
        scan_photos(tmp_path)


def test_a_file_that_is_no_shard_is_refused(tmp_path, write_shard):
    (tmp_path / "a.tar").write_bytes(b"no tar file" * 100)
    with pytest.raises(CatalogError, match="no tar file, or damaged"):
        scan_photos(tmp_path)
    (tmp_path / "a.tar").unlink()
    write_shard(tmp_path / "test-1.tar", make_sample(1, "cats"))
    with pytest.raises(CatalogError, match="got shards of test alone, need some to train on"):
        scan_photos(tmp_path)


def test_archives_of_photos_without_labels_are_to_be_unpacked(tmp_path, write_shard):
    for name in ("cats.tar", "dogs.tar"):
        write_shard(tmp_path / name, make_sample(1))
    (tmp_path / "runs" / "figures").mkdir(parents=True)
    with pytest.raises(CatalogError, match=r"have no label \('cats.tar', 'dogs.tar'\), .* Unpack them first"):
        scan_photos(tmp_path)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"label":' * 100_000, "[1]", "\xff", '{"label": ' + "9" * 5000 + "}"])
def test_a_json_that_cannot_be_read_skips_its_photo(tmp_path, write_shard, text):
    files = {"a.jpg": b"a", "a.json": text.encode("latin-1"), "b.jpg": b"b", "b.json": b'{"label": "cats"}'}
    (one, _), (two, _) = walk_samples(write_shard(tmp_path / "a.tar", files), tmp_path)
    assert "a.json is no JSON object" in one.reason
    assert two.label == "cats"


def test_a_member_that_claims_more_than_the_shard_has_is_an_error(tmp_path, write_shard):
    shard = write_shard(tmp_path / "a.tar", {"cats/a.jpg": b"a"})
    huge = tarfile.TarInfo("cats/huge.jpg")
    huge.size = 1 << 40
    shard.write_bytes(shard.read_bytes()[:1024] + huge.tobuf(tarfile.GNU_FORMAT))
    with pytest.raises(CatalogError, match=r"damaged \('cats/huge.jpg' claims 1,099,511,627,776 bytes, and 0 are left"):
        list(walk_samples(shard, tmp_path))
