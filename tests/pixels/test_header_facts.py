"""The header of a file tells format, size, compression, profile, camera and date; damage is no error."""

import numpy as np
import pytest
from PIL import Image, ImageCms

from headstart.pixels.header_facts import HEAD_BYTES, HeaderFacts, read_all_header_facts, read_header_facts
from headstart.storage.remote_paths import make_path

PIXELS = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def write(tmp_path):
    def write(name, kind, mode="RGB", **options):
        path = tmp_path / name
        Image.fromarray(PIXELS).convert(mode).save(path, kind, **options)
        return path

    return write


def make_exif(date="2019:07:31 10:11:12"):
    exif = Image.Exif()
    exif[271], exif[272] = "NIKON CORPORATION", "D90"
    exif.get_ifd(0x8769)[0x9003] = date
    return exif


def test_facts_of_a_jpeg(write):
    path = write("a.JPG", "JPEG", quality=80, exif=make_exif(), icc_profile=SRGB)
    facts = read_header_facts(path)
    assert (facts.format, facts.suffix, facts.width, facts.height) == ("JPEG", ".jpg", 60, 40)
    assert facts.n_bytes == path.stat().st_size
    assert (facts.camera, facts.date, facts.has_exif) == ("NIKON CORPORATION D90", "2019-07-31", True)
    assert facts.profile == "sRGB built-in"
    assert (facts.bits, facts.is_cmyk, facts.is_progressive, facts.has_frames) == (8, False, False, False)


def test_tables_tell_the_quality_and_not_the_content(write):
    digests = [
        read_header_facts(write(f"{n}.jpg", "JPEG", quality=quality)).tables for n, quality in enumerate((80, 90))
    ]
    Image.new("RGB", (90, 90), "red").save(path := write("c.jpg", "JPEG"), "JPEG", quality=80)
    assert digests[0] == read_header_facts(path).tables
    assert digests[0] != digests[1]


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000"])
def test_the_size_is_known_in_every_common_format(write, kind):
    facts = read_header_facts(write("a.jpg", kind))
    assert facts.format.upper().replace(" ", "") == kind
    assert (facts.width, facts.height, facts.suffix, facts.tables) == (60, 40, ".jpg", None)


def test_a_progressive_and_a_cmyk_jpeg(write):
    assert read_header_facts(write("a.jpg", "JPEG", progressive=True)).is_progressive
    assert read_header_facts(write("b.jpg", "JPEG", "CMYK")).is_cmyk


def test_16_bits(tmp_path):
    for name in ("a.png", "a.tif"):
        Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 200).save(tmp_path / name)
        assert read_header_facts(tmp_path / name).bits == 16


def test_a_palette_of_4_bits_counts_as_8(write):
    assert read_header_facts(write("a.png", "PNG", "P", bits=4)).bits == 8


def test_a_header_behind_a_long_profile_is_read(write):
    path = write("a.jpg", "JPEG", icc_profile=SRGB + bytes(3 * HEAD_BYTES))
    assert read_header_facts(path).width == 60


@pytest.mark.parametrize("date", ["0000:00:00 00:00:00", "", "yesterday"])
def test_a_date_that_is_none_is_left_out(write, date):
    assert read_header_facts(write("a.jpg", "JPEG", exif=make_exif(date))).date is None


@pytest.mark.parametrize(
    "data", [b"", b"no photo at all", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a\0", b"II*\0"]
)
def test_damaged_files_have_no_facts(tmp_path, data):
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    found = read_header_facts(path)
    assert found is None or found.width == 0


def test_cut_photos_never_raise(write):
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"):
        path = write("a.bin", kind)
        data = path.read_bytes()
        for end in range(0, min(len(data), 700), 7):
            path.write_bytes(data[:end])
            read_header_facts(path)


def test_files_that_are_not_local_or_not_there_have_no_facts(tmp_path):
    paths = [make_path("s3://bucket/a.jpg"), tmp_path / "missing.jpg", tmp_path, tmp_path / "shard.tar" / "a.jpg"]
    assert read_all_header_facts(paths) == [None] * 4


def test_many_files_keep_their_order(write):
    path = write("a.jpg", "JPEG")
    found = read_all_header_facts([path, path.with_name("b.jpg")] * 100)
    assert isinstance(found[0], HeaderFacts)
    assert [facts is None for facts in found] == [False, True] * 100
