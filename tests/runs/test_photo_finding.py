"""Photos are found by their content, wherever they lie and however they are named."""

import hashlib
import tarfile

import pytest

from headstart.catalog.photo import Photo
from headstart.errors import CatalogError
from headstart.runs.photo_finding import find_photos

JPEG = b"\xff\xd8\xff\xe0"


@pytest.fixture
def photos(tmp_path):
    """Three photos that lie in ``was``, two of them with the same content."""
    rows = []
    for name, content in (("cats/1.jpg", b"1"), ("cats/2.jpg", b"2"), ("dogs/copy.jpg", b"1")):
        path = tmp_path / "was" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(JPEG + content)
        digest = hashlib.sha256(JPEG + content).hexdigest()
        rows.append(Photo(name, name.split("/")[0], digest=digest, split="train"))
    return rows


def test_photos_in_their_place_are_found_there(photos, tmp_path):
    found = find_photos(photos, str(tmp_path / "was"))
    assert found.files == tuple(str(tmp_path / "was" / photo.file) for photo in photos)
    assert found.missing == found.changed == ()


def test_absolute_paths_need_no_folder(photos, tmp_path):
    rows = [Photo(str(tmp_path / "was" / p.file), p.label, digest=p.digest, split=p.split) for p in photos]
    assert find_photos(rows, None).files == tuple(row.file for row in rows)


def test_renamed_photos_are_found_in_the_recorded_folder_and_in_the_given_one(photos, tmp_path):
    (tmp_path / "was/cats/2.jpg").rename(tmp_path / "was/cats/two.jpg")
    assert find_photos(photos, str(tmp_path / "was")).files[1] == str(tmp_path / "was/cats/two.jpg")
    (tmp_path / "was").rename(tmp_path / "now")
    (tmp_path / "now/cats/1.jpg").rename(tmp_path / "now/one")
    found = find_photos(photos, str(tmp_path / "was"), tmp_path / "now")
    assert set(found.files) == {str(tmp_path / "now" / name) for name in ("one", "cats/two.jpg", "dogs/copy.jpg")}


def test_a_changed_photo_is_told_from_a_missing_one(photos, tmp_path):
    (tmp_path / "was/cats/2.jpg").write_bytes(JPEG + b"3")
    found = find_photos(photos, str(tmp_path / "was"))
    assert (found.files[1], found.changed, found.missing) == (None, ("cats/2.jpg",), ())
    (tmp_path / "was/cats/2.jpg").write_bytes(b"no photo any more")
    assert find_photos(photos, str(tmp_path / "was")).changed == ("cats/2.jpg",)
    (tmp_path / "was/cats/2.jpg").unlink()
    assert find_photos(photos, str(tmp_path / "was")).missing == ("cats/2.jpg",)
    (tmp_path / "was").rename(tmp_path / "now")
    (tmp_path / "now/cats/2.jpg").write_bytes(JPEG + b"3")
    assert find_photos(photos, str(tmp_path / "was"), tmp_path / "now").changed == ("cats/2.jpg",)


def test_one_copy_is_enough_for_both_rows(photos, tmp_path):
    (tmp_path / "was/dogs/copy.jpg").unlink()
    found = find_photos(photos, str(tmp_path / "was"))
    assert found.files[0] == found.files[2] == str(tmp_path / "was/cats/1.jpg")


def test_photos_are_found_in_tar_shards(photos, tmp_path):
    with tarfile.open(tmp_path / "pets.tar", "w") as shard:
        for number, photo in enumerate(photos[:2]):
            shard.add(tmp_path / "was" / photo.file, f"{number}.jpg")
            (tmp_path / f"{number}.cls").write_text(photo.label)
            shard.add(tmp_path / f"{number}.cls", f"{number}.cls")
    found = find_photos(photos, str(tmp_path / "gone"), tmp_path / "pets.tar")
    assert found.missing == ()
    assert found.files[1] == str(tmp_path / "pets.tar" / "1.jpg")


def test_a_folder_that_does_not_exist_is_refused(photos, tmp_path):
    with pytest.raises(CatalogError, match="a path that does not exist"):
        find_photos(photos, str(tmp_path / "was"), tmp_path / "none")
