"""Every format and colour mode becomes upright RGB, and a broken photo is refused with a reason."""

import hashlib
import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from headstart.errors import PhotoError
from headstart.pixels import decode, limits, photo_bytes
from headstart.pixels.decode import decode_photo, describe_decoder, open_photo, read_photo, read_thumbnail
from headstart.pixels.limits import DecodingLimits

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 30), (30, 30, 220), (250, 250, 250)


def make_quarters(size: int = 64) -> Image.Image:
    """Red and green above, blue and white below: no two orientations look alike."""
    pixels = np.zeros((size, size, 3), np.uint8)
    half = size // 2
    pixels[:half, :half], pixels[:half, half:], pixels[half:, :half], pixels[half:, half:] = RED, GREEN, BLUE, WHITE
    return Image.fromarray(pixels)


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    if kind == "HEIF":
        from pillow_heif import from_pillow

        from_pillow(image).save(stream, **options)
    else:
        image.save(stream, kind, **options)
    return stream.getvalue()


def read_corners(pixels: np.ndarray) -> list[list[int]]:
    at = pixels.shape[0] // 4
    return [pixels[y, x].astype(int).tolist() for y in (at, -at) for x in (at, -at)]


def assert_quarters(pixels: np.ndarray, tolerance: int = 12) -> None:
    np.testing.assert_allclose(read_corners(pixels), [RED, GREEN, BLUE, WHITE], atol=tolerance)


FORMATS = ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF", "HEIF", "JPEG2000", "PPM", "TGA"]


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_decoded(kind):
    pixels = decode_photo(encode(make_quarters(), kind), 96)
    assert pixels.shape == (96, 96, 3)
    assert pixels.dtype == np.uint8
    assert_quarters(pixels)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(kind, orientation):
    # what a camera stores is the upright picture turned the other way
    undo = {2: [0], 3: [3], 4: [1], 5: [5], 6: [2], 7: [6], 8: [4]}
    turned = make_quarters()
    for turn in undo.get(orientation, []):
        turned = turned.transpose(Image.Transpose(turn))
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_quarters(decode_photo(encode(turned, kind, exif=exif), 64))


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK", "I;16", "F", "YCbCr"])
def test_every_colour_mode_becomes_rgb(mode):
    grey = Image.fromarray(np.tile(np.linspace(0, 255, 64).astype(np.uint8), (64, 1)))
    if mode == "I;16":
        image, kind = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257), "PNG"
    elif mode == "F":
        image, kind = grey.convert("F"), "TIFF"
    else:
        # an adaptive palette: the default one has 6 shades of grey
        options = {"palette": Image.Palette.ADAPTIVE} if mode == "P" else {}
        image, kind = grey.convert("RGB").convert(mode, **options), "JPEG" if mode == "YCbCr" else "TIFF"
    pixels = decode_photo(encode(image, kind), 64)
    if mode == "1":
        assert set(np.unique(pixels)) <= set(range(256))
        assert pixels[:, -8:].mean() > pixels[:, :8].mean() + 200
    else:
        np.testing.assert_allclose(pixels.mean((0, 2)), np.linspace(0, 255, 64), atol=6)


def test_cmyk_jpeg_has_the_colours_of_its_rgb_twin():
    assert_quarters(decode_photo(encode(make_quarters().convert("CMYK"), "JPEG", quality=95), 64), tolerance=20)


def test_transparent_pixels_become_white():
    image = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    assert (decode_photo(encode(image, "PNG"), 32) == 255).all()
    palette = image.convert("P", palette=Image.Palette.ADAPTIVE)
    palette.info["transparency"] = 0
    assert (decode_photo(encode(palette, "GIF", transparency=0), 32) == 255).all()


def test_16_bits_are_scaled_and_not_clipped():
    values = np.linspace(0, 65535, 64).astype(np.uint16)
    pixels = decode_photo(encode(Image.fromarray(np.tile(values, (64, 1))), "PNG"), 64)
    np.testing.assert_allclose(pixels[0, :, 0], values / 257, atol=3)


def test_the_first_frame_of_an_animation_is_decoded():
    frames = [Image.new("RGB", (32, 32), RED), Image.new("RGB", (32, 32), BLUE)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(decode_photo(data, 32)[16, 16], RED, atol=4)


def test_a_large_jpeg_shrunk_while_decoding_equals_a_full_decode():
    generator = np.random.default_rng(0)
    smooth = Image.fromarray(generator.integers(0, 255, (12, 16, 3), np.uint8)).resize(
        (1600, 1200), Image.Resampling.BICUBIC
    )
    data = encode(smooth, "JPEG", quality=95)
    fast = decode_photo(data, 160).astype(float)
    full = np.asarray(Image.open(io.BytesIO(data)).resize((160, 160), Image.Resampling.BICUBIC), float)
    assert np.abs(fast - full).mean() < 1.5


def test_broken_exif_is_ignored():
    data = encode(make_quarters(), "JPEG", quality=95)
    segment = b"\xff\xe1" + struct.pack(">H", 40) + b"Exif\x00\x00" + b"MM\x00\x2a\xff\xff\xff\xff" + b"\x99" * 24
    assert_quarters(decode_photo(data[:2] + segment + data[2:], 64))


def test_truncated_photos_of_every_format_are_refused():
    noisy = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    for kind in FORMATS:
        data = encode(noisy, kind)
        with pytest.raises(PhotoError, match="cannot be decoded"):
            decode_photo(data[: len(data) // 2], 64)


def test_empty_files_and_other_formats_are_refused():
    with pytest.raises(PhotoError, match="empty file"):
        decode_photo(b"", 64)
    with pytest.raises(PhotoError, match="not a photo but text"):
        decode_photo(b"once upon a time there was no photo", 64)
    with pytest.raises(PhotoError, match="no known signature"):
        decode_photo(bytes(range(64)), 64)


def test_decompression_bomb_is_refused_before_it_is_unpacked():
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    with pytest.raises(PhotoError, match="too many pixels"):
        decode_photo(b"\x89PNG\r\n\x1a\n" + body, 64)


def test_decoding_twice_gives_the_same_bits():
    data = encode(make_quarters(300), "JPEG")
    np.testing.assert_array_equal(decode_photo(data, 224), decode_photo(data, 224))


def test_read_photo_refuses_a_changed_file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encode(make_quarters(), "PNG"))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert read_photo(path, 64, digest).shape == (64, 64, 3)
    path.write_bytes(encode(make_quarters().rotate(90), "PNG"))
    with pytest.raises(PhotoError, match="was changed"):
        read_photo(path, 64, digest)
    with pytest.raises(PhotoError, match="cannot be read"):
        read_photo(tmp_path / "missing.png", 64)


def test_thumbnail_keeps_the_proportions(tmp_path):
    path = tmp_path / "wide.jpg"
    Image.new("RGB", (900, 300)).save(path)
    assert read_thumbnail(path, 240).shape == (80, 240, 3)


def test_open_photo_keeps_the_size():
    assert open_photo(encode(Image.new("RGB", (900, 300)), "JPEG")).shape == (300, 900, 3)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_pixel_limit_holds_for_every_format(kind, monkeypatch):
    assert limits.MAX_PIXELS == 2 * Image.MAX_IMAGE_PIXELS  # Pillow itself refuses photos above it
    small, large = (encode(Image.new("RGB", (width, 50)), kind) for width in (30, 50))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    few = DecodingLimits(max_pixels=2000)
    assert decode_photo(small, 16, limits=few).shape == (16, 16, 3)
    with pytest.raises(PhotoError, match="too many pixels: more than 2,000"):
        decode_photo(large, 16, limits=few)


def test_the_pixel_limit_holds_if_pillow_has_none(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    with pytest.raises(PhotoError, match="too many pixels"):
        decode_photo(encode(Image.new("RGB", (50, 50)), "PNG"), 16, limits=DecodingLimits(max_pixels=2000))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    for read in (read_photo, read_thumbnail):
        with pytest.raises(PhotoError, match="not a regular file"):
            read(tmp_path / "a.jpg", 64)


def test_a_huge_file_is_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(encode(make_quarters(), "PNG"))
    monkeypatch.setattr(photo_bytes, "MAX_BYTES", 10)
    with pytest.raises(PhotoError, match="too large"):
        read_photo(path, 64)


def test_the_decoder_names_its_codecs_and_rules():
    text = describe_decoder()
    for part in (
        "decoding rules ",
        "rendering rules ",
        "simplejpeg ",
        "pillow ",
        "jpg ",
        "webp ",
        "libtiff ",
        "zlib ",
        "littlecms2 ",
        "avif ",
        "jpg_2000 ",
    ):
        assert part in text


def test_the_decoder_names_the_reader_of_heic_if_it_is_installed(monkeypatch):
    assert "pillow_heif " in describe_decoder()
    monkeypatch.setattr(decode, "is_installed", lambda package: False)
    assert "pillow_heif" not in describe_decoder()


def test_the_programs_own_pillow_stays_as_it_is():
    decode_photo(encode(make_quarters(), "HEIF"), 32)
    assert "HEIF" not in Image.OPEN


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_heic_is_turned_once(orientation):
    # its encoder turns the orientation of EXIF into a rotation of the container, as phones do
    turned = make_quarters().rotate({1: 0, 3: 180, 6: 90}[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_quarters(decode_photo(encode(turned, "HEIF", exif=exif.tobytes(), quality=95), 64))


def test_a_format_may_have_a_smaller_pixel_limit():
    data = bytearray(encode(Image.new("RGB", (64, 64)), "JPEG2000"))
    for at, size in ((data.index(b"ihdr") + 4, 8), (data.index(b"\xff\x4f\xff\x51") + 8, 8)):
        data[at : at + size] = struct.pack(">II", 8000, 6000)
    with pytest.raises(PhotoError, match="too many pixels: more than 36,000,000"):
        decode_photo(bytes(data), 64)


def test_unused_alpha_of_a_tga_is_ignored():
    data = bytearray(encode(make_quarters().convert("RGBA"), "TGA"))
    data[17] &= 0xF0  # the header says: no bits of alpha
    data[21 : 18 + 64 * 64 * 4 : 4] = bytes(64 * 64)
    assert_quarters(decode_photo(bytes(data[:-26]), 64))


def test_grey_of_more_than_8_bits_is_scaled_in_every_format():
    values = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
    for kind in ("JPEG2000", "PPM"):
        pixels = decode_photo(encode(Image.fromarray(values), kind), 64)
        np.testing.assert_allclose(pixels[0, :, 0], values[0] / 257, atol=3)


def test_real_odd_files_are_decoded(real_photos):
    paths = sorted((real_photos / "odd-files").iterdir())
    assert len(paths) == 7
    for path in paths:
        assert read_photo(path, 96).std() > 1


def test_bytes_that_a_reader_quotes_are_escaped():
    expected = pytest.raises(PhotoError, match=r"^cannot be decoded: codec \\x1b\[31m\\n failed$")
    with expected, decode._explain_errors(decode.DEFAULT_LIMITS):
        raise OSError("codec \x1b[31m\n failed")
