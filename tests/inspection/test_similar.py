"""Similar photos: exact, the most similar first, for a photo in the set or not."""

import numpy as np
import pytest
from PIL import Image

import headstart as hs
from headstart.errors import CatalogError
from headstart.inspection.similar import find_similar


@pytest.fixture
def folder(make_folder):
    return make_folder(n=6)


@pytest.fixture
def find(folder):
    def ask(photo, n=9, **rest):
        return find_similar(
            photo, n, photos=rest.pop("photos", folder), image_size=96, cache=False, verbose=False, **rest
        )

    return ask


def test_a_photo_of_the_set_is_compared_with_all_others(find, folder):
    found = find(folder / "dots" / "000.jpg", 100)
    assert len(found) == 11
    assert folder / "dots" / "000.jpg" not in {one.photo.path for one in found}
    cosines = [one.cosine for one in found]
    assert cosines == sorted(cosines, reverse=True)
    assert all(-1 <= cosine <= 1 for cosine in cosines)
    assert [one.photo.label for one in found[:3]] == ["dots"] * 3
    assert found[:4] == find(folder / "dots" / "000.jpg", 4)


def test_another_file_with_the_same_bytes_comes_first(find, folder, tmp_path):
    (folder / "stripes" / "copy.jpg").write_bytes((folder / "dots" / "001.jpg").read_bytes())
    first = find(folder / "dots" / "001.jpg")[0]
    assert (first.photo.path.name, first.is_identical) == ("copy.jpg", True)
    assert first.cosine == pytest.approx(1, abs=1e-4)
    with Image.open(folder / "dots" / "002.jpg") as image:
        image.save(tmp_path / "again.png")
    outside = find(tmp_path / "again.png", 1)[0]
    assert (outside.photo.path, outside.is_identical) == (folder / "dots" / "002.jpg", False)
    assert outside.cosine > 0.98


def test_damaged_photos_of_the_set_are_left_out(find, folder):
    (folder / "dots" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 broken")
    names = {one.photo.path.name for one in find(folder / "dots" / "003.jpg", 100)}
    assert len(names) == 6
    assert "broken.jpg" not in names


def test_a_catalog_and_the_cache_give_the_same(folder):
    photo = folder / "dots" / "000.jpg"
    ask = {"image_size": 96, "verbose": False}
    first = find_similar(photo, photos=hs.scan(folder), **ask)
    again = find_similar(str(photo), photos=folder, **ask)
    assert [one.photo.path for one in first] == [one.photo.path for one in again]
    np.testing.assert_allclose([one.cosine for one in first], [one.cosine for one in again], atol=1e-4)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nothing.jpg", "does not exist"),
        ("dots", "not a file"),
        ("text.jpg", "not a photo"),
        ("broken.jpg", "cannot be"),
    ],
)
def test_what_is_no_photo_is_an_error(find, folder, name, reason):
    (folder / "text.jpg").write_text("text")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 broken")
    with pytest.raises(
        CatalogError, match=rf"Cannot find similar photos: got '.*{name}' \({reason}.*\), need a photo\."
    ):
        find(folder / name)


def test_a_number_below_one_is_an_error(find, folder):
    with pytest.raises(CatalogError, match="got n = 0, need 1 or more"):
        find(folder / "dots" / "000.jpg", 0)


def test_a_record_has_the_fields_of_json(find, folder):
    record = find(folder / "dots" / "000.jpg", 1)[0].to_dict()
    assert list(record) == ["path", "label", "split", "digest", "cosine", "is_identical"]


def test_the_only_photo_of_a_set_has_no_similar_one(find, folder):
    for path in [*folder.glob("*/00[1-5].jpg"), folder / "stripes" / "000.jpg"]:
        path.unlink()
    assert find(folder / "dots" / "000.jpg") == []
