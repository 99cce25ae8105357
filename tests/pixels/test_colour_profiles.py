"""Photos with an embedded profile get the colours that a viewer shows, and profiles of sRGB change no bit."""

import io
import random
import struct
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageCms

from headstart.pixels import colour_profiles
from headstart.pixels.colour_profiles import find_transform, join_jpeg_profile
from headstart.pixels.decode import decode_photo, decode_thumbnail, open_photo
from headstart.pixels.jpeg_segments import read_jpeg_segments

COLOURS = [(200, 60, 50), (70, 160, 60), (60, 80, 190), (220, 200, 90), (30, 30, 30), (255, 255, 255)]


def paint(size: int = 96) -> Image.Image:
    """Paint six fields of plain colours."""
    return Image.fromarray(np.array(COLOURS, np.uint8).reshape(2, 3, 3)).resize((size, size), Image.Resampling.NEAREST)


def encode(image: Image.Image, kind: str, profile: bytes | None, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, icc_profile=profile, **options)
    return stream.getvalue()


def convert(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert an sRGB image to a profile, as a camera writes it."""
    target = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    changed = ImageCms.profileToProfile(image, ImageCms.createProfile("sRGB"), target, outputMode="RGB")
    return Image.fromarray(np.asarray(changed))


def read_fields(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    return np.array([pixels[height * y // 4, width * x // 6] for y in (1, 3) for x in (1, 3, 5)], int)


QUALITIES = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}


@pytest.mark.parametrize("name", ["display_p3", "adobe_rgb", "prophoto"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_profiles_of_every_format_are_converted(profiles, name, kind):
    data = encode(convert(paint(), profiles[name]), kind, profiles[name], **QUALITIES.get(kind, {}))
    for pixels in (decode_photo(data, 96), decode_photo(data, 48), decode_thumbnail(data, 60), open_photo(data)):
        np.testing.assert_allclose(read_fields(pixels), COLOURS, atol=5)
    plain = encode(convert(paint(), profiles[name]), kind, None, **QUALITIES.get(kind, {}))
    assert np.abs(read_fields(decode_photo(plain, 96)) - COLOURS).max() > 10


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_profile_of_srgb_changes_no_bit(profiles, kind):
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = decode_photo(encode(paint(), kind, None), 64)
    for profile in (profiles["srgb"], own):
        np.testing.assert_array_equal(decode_photo(encode(paint(), kind, profile), 64), plain)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_grey_photos_follow_profiles_of_grey_and_of_rgb(profiles, kind):
    ramp = Image.linear_gradient("L")
    plain = open_photo(encode(ramp, kind, None)).astype(float)
    grey = open_photo(encode(ramp, kind, profiles["grey"]))
    linear = (plain / 255) ** 1.4
    expected = 255 * np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    np.testing.assert_allclose(grey, expected, atol=2)
    np.testing.assert_allclose(open_photo(encode(ramp, kind, profiles["display_p3"])), plain, atol=1)
    assert np.abs(open_photo(encode(ramp, kind, profiles["prophoto"])) - plain).max() > 10


def test_grey_photos_of_16_bits_and_with_alpha_follow_their_profile(profiles):
    ramp = np.asarray(Image.linear_gradient("L"))
    expected = open_photo(encode(Image.fromarray(ramp), "PNG", profiles["grey"]))
    deep = encode(Image.fromarray(ramp.astype(np.uint16) * 257), "PNG", profiles["grey"])
    np.testing.assert_array_equal(open_photo(deep), expected)
    opaque = encode(Image.fromarray(ramp).convert("LA"), "PNG", profiles["grey"])
    np.testing.assert_array_equal(open_photo(opaque), expected)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_a_press_profile_decides_the_colours_of_cmyk(profiles, kind):
    inks = Image.new("CMYK", (32, 32), (0, 255, 0, 0))
    source = ImageCms.ImageCmsProfile(io.BytesIO(profiles["press"]))
    expected = ImageCms.profileToProfile(inks, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    pixels = open_photo(encode(inks, kind, profiles["press"]))
    np.testing.assert_allclose(pixels[16, 16], expected.getpixel((16, 16)), atol=3)
    assert np.abs(pixels[16, 16].astype(int) - open_photo(encode(inks, kind, None))[16, 16]).max() > 30


def test_transparent_pixels_are_white_in_every_profile(profiles):
    clear = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    assert (open_photo(encode(clear, "PNG", profiles["prophoto"])) >= 254).all()
    palette = convert(paint(), profiles["display_p3"]).quantize(16)
    pixels = open_photo(encode(palette, "PNG", profiles["display_p3"]))
    np.testing.assert_allclose(read_fields(pixels), COLOURS, atol=5)


def test_profiles_for_other_colours_are_ignored(profiles):
    for mode, name in (("RGB", "grey"), ("RGB", "press"), ("L", "press"), ("CMYK", "display_p3"), ("CMYK", "grey")):
        assert find_transform(profiles[name], mode) is None, (mode, name)


def test_broken_profiles_are_ignored(profiles):
    whole = profiles["adobe_rgb"]
    assert find_transform(whole, "RGB") is not None
    broken = [b"", b"\0", whole[:100], whole[:300], bytes(500), whole[:12] + b"link" + whole[16:]]
    for profile in broken:
        assert find_transform(profile, "RGB") is None
        plain = encode(paint(), "PNG", None)
        np.testing.assert_array_equal(open_photo(encode(paint(), "PNG", profile)), open_photo(plain))


def test_a_profile_above_the_limit_is_ignored(profiles, monkeypatch):
    monkeypatch.setattr(colour_profiles, "MAX_PROFILE_BYTES", len(profiles["adobe_rgb"]) - 1)
    assert find_transform(profiles["adobe_rgb"], "RGB") is None


def test_profiles_with_changed_bytes_end_in_pixels(profiles):
    draw = random.Random(0)
    data = encode(paint(), "PNG", None)
    for _ in range(40):
        profile = bytearray(profiles[draw.choice(sorted(profiles))])
        for _ in range(draw.choice((1, 3, 20))):
            at = 4 * draw.randrange(len(profile) // 4) if draw.random() < 0.5 else 4 * draw.randrange(60)
            number = draw.choice((0, 1, 0xFFFFFFFF, 0x7FFFFFFF, draw.randrange(1 << 32)))
            profile[at : at + 4] = struct.pack(">I", number)
        for mode in ("RGB", "L", "CMYK"):
            transform = find_transform(bytes(profile), mode)
            assert transform is None or transform.output_mode == "RGB"
    assert open_photo(data).shape == (96, 96, 3)


def join_parts(profile: bytes, numbers: list[int], n_parts: int) -> bytes:
    """Return a JPEG that has the parts of a profile in this order."""
    size = -(-len(profile) // n_parts)
    segments = b""
    for number in numbers:
        content = b"ICC_PROFILE\0" + bytes([number, n_parts]) + profile[(number - 1) * size : number * size]
        segments += b"\xff\xe2" + struct.pack(">H", len(content) + 2) + content
    plain = encode(paint(), "JPEG", None)
    return plain[:2] + segments + plain[2:]


def test_a_profile_in_several_parts_is_joined_by_their_numbers(profiles):
    profile = profiles["display_p3"]
    for numbers in ([1, 2, 3], [3, 1, 2]):
        data = join_parts(profile, numbers, 3)
        assert join_jpeg_profile(data, read_jpeg_segments(data)) == profile
    for numbers in ([1, 3], [2], [4, 1, 2]):
        data = join_parts(profile, numbers, 3)
        assert join_jpeg_profile(data, read_jpeg_segments(data)) is None
    plain = encode(paint(), "JPEG", None)
    assert join_jpeg_profile(plain, read_jpeg_segments(plain)) is None


def test_a_profile_of_more_than_one_segment_is_read_as_pillow_reads_it(profiles):
    profile = profiles["adobe_rgb"] + random.Random(0).randbytes(150_000)
    data = encode(paint(), "JPEG", profile)
    assert join_jpeg_profile(data, read_jpeg_segments(data)) == profile


def test_threads_convert_like_one(profiles):
    data = [encode(convert(paint(), profiles[name]), "PNG", profiles[name]) for name in ("display_p3", "adobe_rgb")]
    expected = [decode_photo(photo, 64) for photo in data]
    colour_profiles._build_transform.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        for n, pixels in enumerate(pool.map(lambda n: decode_photo(data[n % 2], 64), range(100))):
            np.testing.assert_array_equal(pixels, expected[n % 2])


def add_chain(profile: bytes, n_elements: int) -> bytes:
    """Return a profile whose tag D2B0 chains computations that turn every colour black (ICC.1:2022, 7.3 and 10.16)."""
    black = b"matf" + bytes(4) + struct.pack(">HH12f", 3, 3, *[0.0] * 12)
    part = struct.pack(">4s4xHH4s4xHH4f", b"curf", 1, 0, b"parf", 0, 0, 1.01, 1.0, 0.0, 0.0)
    curves = b"cvst" + bytes(4) + struct.pack(">HH6I", 3, 3, *(36, len(part)) * 3) + part
    start = 16 + 8 * n_elements
    places = ((start, len(black)), (start + len(black), len(curves)))
    positions = b"".join(struct.pack(">II", *places[i % 2]) for i in range(n_elements))
    chain = b"mpet" + bytes(4) + struct.pack(">HHI", 3, 3, n_elements) + positions + black + curves
    n_tags = struct.unpack_from(">I", profile, 128)[0]
    tags = [struct.unpack_from(">4sII", profile, 132 + 12 * i) for i in range(n_tags)]
    shifted = [struct.pack(">4sII", name, offset + 12, size) for name, offset, size in tags]
    end = len(profile) + 12
    padding = bytes(-end % 4)
    added = struct.pack(">4sII", b"D2B0", end + len(padding), len(chain))
    size = struct.pack(">I", end + len(padding) + len(chain))
    head = size + profile[4:8] + b"\x04\x40\x00\x00" + profile[12:128] + struct.pack(">I", n_tags + 1)
    return head + b"".join(shifted) + added + profile[132 + 12 * n_tags :] + padding + chain


@pytest.mark.parametrize("name", ["srgb", "display_p3"])
@pytest.mark.parametrize("n_elements", [2, 300])
def test_a_chain_of_computations_in_a_profile_is_not_carried_out(profiles, name, n_elements):
    photo = paint()
    expected = decode_photo(encode(photo, "PNG", profiles[name]), 64)
    chained = add_chain(profiles[name], n_elements)
    np.testing.assert_array_equal(decode_photo(encode(photo, "PNG", chained), 64), expected)
