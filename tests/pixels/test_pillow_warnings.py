"""Pillow's warnings neither refuse a photo nor are printed, and the filters of the program stay as they are."""

import io
import struct
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from headstart.pixels.decode import decode_photo
from headstart.pixels.pillow_warnings import ignore_pillow_warnings


def encode_with_broken_tag(kind: str) -> bytes:
    """Return a grey photo; Pillow warns about its EXIF."""
    orientation = struct.pack(">HHIHH", 0x0112, 3, 1, 1, 0)
    too_large = struct.pack(">HHII", 0x010E, 2, 60_000, 8)  # a description that ends beyond the file
    exif = b"Exif\x00\x00MM\x00\x2a" + struct.pack(">IH", 8, 2) + orientation + too_large + bytes(4)
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), "grey").save(stream, kind, exif=exif)
    return stream.getvalue()


def read_exif(data: bytes) -> None:
    """Read the EXIF as a program does that uses Pillow itself."""
    with Image.open(io.BytesIO(data)) as image:
        image.getexif()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_photo_that_pillow_warns_about_is_decoded_whatever_the_filters(kind):
    data = encode_with_broken_tag(kind)
    with pytest.warns(UserWarning, match="Tag data larger"):
        read_exif(data)
    for action in ("error", "always"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter(action)
            np.testing.assert_array_equal(decode_photo(data, 16), 128)
        assert not caught


def test_decoding_in_threads_leaves_the_filters_as_they_were():
    data = encode_with_broken_tag("PNG")
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        for pixels in pool.map(lambda _: decode_photo(data, 64), range(200)):
            assert (pixels == 128).all()
    assert list(warnings.filters) == before


def test_warnings_of_the_program_itself_are_shown_while_another_thread_decodes():
    is_decoding, is_done = threading.Event(), threading.Event()

    def decode() -> None:
        with ignore_pillow_warnings():
            is_decoding.set()
            is_done.wait(10)

    thread = threading.Thread(target=decode)
    thread.start()
    assert is_decoding.wait(10)
    with pytest.warns(UserWarning, match="Tag data larger"):
        read_exif(encode_with_broken_tag("PNG"))
    is_done.set()
    thread.join()
