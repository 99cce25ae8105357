"""The name of a colour profile is read from each format, in both versions of profiles."""

import io
import struct

import pytest
from PIL import Image, ImageCms

from headstart.pixels.jpeg_segments import read_jpeg_segments
from headstart.pixels.profile_names import find_profile_name, is_srgb


def make_profile(content):
    """Return a profile with one tag."""
    header = bytes(36) + b"acsp" + bytes(88)
    return header + struct.pack(">I4sII", 1, b"desc", 144, len(content)) + content


OLD = make_profile(b"desc" + bytes(4) + struct.pack(">I", 17) + b"Adobe RGB (1998)\0")
NAME = "Display P3".encode("utf-16-be")
NEW = make_profile(b"mluc" + bytes(4) + struct.pack(">II4sII", 1, 12, b"enUS", len(NAME), 28) + NAME)


def encode(kind, profile):
    stream = io.BytesIO()
    Image.new("RGB", (20, 20)).save(stream, kind, icc_profile=profile)
    data = stream.getvalue()
    return data, read_jpeg_segments(data) if kind == "JPEG" else ()


@pytest.mark.parametrize(("profile", "name"), [(OLD, "Adobe RGB (1998)"), (NEW, "Display P3")])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_name_is_read(kind, profile, name):
    assert find_profile_name(*encode(kind, profile)) == name


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_without_a_profile_has_none(kind):
    assert find_profile_name(*encode(kind, None)) is None


@pytest.mark.parametrize("profile", [make_profile(b""), bytes(36) + b"acsp" + bytes(88) + b"\xff" * 40, b"\0" * 140])
def test_a_damaged_profile_is_unnamed(profile):
    assert find_profile_name(*encode("JPEG", profile)) == "unnamed"


@pytest.mark.parametrize(
    ("name", "answer"),
    [("sRGB IEC61966-2.1", True), ("sRGB built-in", True), ("Adobe RGB (1998)", False), ("Display P3", False)],
)
def test_profiles_of_srgb_are_known_by_name(name, answer):
    assert is_srgb(name) is answer


def test_the_profile_of_pillow_is_srgb():
    data, segments = encode("JPEG", ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    assert is_srgb(find_profile_name(data, segments))
