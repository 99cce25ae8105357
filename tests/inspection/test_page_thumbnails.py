"""Thumbnails are small JPEGs in the page; photos that cannot be decoded have none."""

import base64
import io

from PIL import Image

from headstart.inspection.page_thumbnails import read_thumbnails


def test_the_longer_side_has_the_size_and_what_cannot_be_decoded_is_left_out(tmp_path):
    Image.new("RGB", (300, 120), (200, 30, 30)).save(tmp_path / "wide.png")
    Image.new("RGB", (20, 30)).save(tmp_path / "small.jpg")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    steps = []
    sizes = {str(tmp_path / name): 60 for name in ("wide.png", "small.jpg", "broken.jpg", "gone.jpg")}
    found = read_thumbnails(sizes, progress=lambda done, of: steps.append((done, of)))
    assert list(found) == [str(tmp_path / "wide.png"), str(tmp_path / "small.jpg")]
    heads, codes = zip(*(thumbnail.split(",") for thumbnail in found.values()), strict=True)
    assert set(heads) == {"data:image/jpeg;base64"}
    pictures = [Image.open(io.BytesIO(base64.b64decode(code))) for code in codes]
    assert [picture.size for picture in pictures] == [(60, 24), (20, 30)]
    assert steps[-1] == (4, 4)
