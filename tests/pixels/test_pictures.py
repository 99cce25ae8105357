"""Pictures in memory go the way of files, and anything else is told in one sentence."""

import copy
import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from headstart.errors import PhotoError
from headstart.pixels.decode import decode_photo
from headstart.pixels.pictures import describe_picture, is_picture, list_pictures, take_picture

SIZE = 32
PIXELS = np.random.default_rng(0).integers(0, 255, (48, 60, 4), np.uint8)
DEEP = (np.arange(48 * 60, dtype=np.uint16) * 20).reshape(48, 60)


def encode(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def load(picture):
    return take_picture(picture, SIZE).load(SIZE)


def turn(image, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(image, exif=exif)


IMAGES = {
    "RGB": Image.fromarray(PIXELS[..., :3]),
    "RGBA": Image.fromarray(PIXELS),
    "L": Image.fromarray(PIXELS[..., 0]),
    "LA": Image.fromarray(PIXELS[..., :2]),
    "P": Image.fromarray(PIXELS[..., :3]).quantize(16),
    "1": Image.fromarray(PIXELS[..., 0]).convert("1"),
    "I;16": Image.fromarray(DEEP),
}


@pytest.mark.parametrize("mode", IMAGES)
@pytest.mark.parametrize("is_loaded", [True, False])
def test_an_image_has_the_pixels_of_its_png(mode, is_loaded):
    data = encode(IMAGES[mode])
    image = Image.open(io.BytesIO(data))
    if is_loaded:
        image.load()
    np.testing.assert_array_equal(load(image), decode_photo(data, SIZE))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_every_kind_of_picture_is_read_at_its_depth(kind, tmp_path):
    data = encode(Image.fromarray(DEEP // 16), kind)
    (tmp_path / "photo").write_bytes(data)
    expected = decode_photo(data, SIZE, depth=12)
    assert expected.mean() > decode_photo(data, SIZE).mean() + 50
    image = Image.open(io.BytesIO(data))
    for picture in (data, io.BytesIO(data), image, image.copy(), tmp_path / "photo"):
        np.testing.assert_array_equal(take_picture(picture, SIZE, 12).load(SIZE), expected)


def test_the_depth_does_not_change_images_that_pillow_scales():
    head = b"P5 60 48 65535\n"
    data = head + DEEP.astype(">u2").tobytes()
    image = Image.open(io.BytesIO(data))
    np.testing.assert_array_equal(take_picture(image, SIZE, 12).load(SIZE), load(data))
    np.testing.assert_array_equal(take_picture(IMAGES["RGB"], SIZE, 12).load(SIZE), load(IMAGES["RGB"]))


def test_a_tiff_that_was_copied_with_its_class_is_read():
    image = Image.open(io.BytesIO(encode(Image.fromarray(DEEP), "TIFF")))
    np.testing.assert_array_equal(load(copy.deepcopy(image)), load(image))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_an_image_is_applied_once(orientation):
    data = turn(IMAGES["RGB"], orientation)
    expected = decode_photo(data, SIZE)
    image = Image.open(io.BytesIO(data))
    np.testing.assert_array_equal(load(image), expected)
    np.testing.assert_array_equal(load(image.copy()), expected)
    upright = load(ImageOps.exif_transpose(image))  # the turn comes before the resizing, which then rounds otherwise
    assert np.abs(upright.astype(int) - expected).mean() < 1


def test_a_jpeg_that_is_open_is_read_from_its_file_and_one_that_is_loaded_is_near():
    data = encode(Image.fromarray(PIXELS[..., :3]).resize((300, 240)), "JPEG", quality=90)
    expected = decode_photo(data, SIZE)
    image = Image.open(io.BytesIO(data))
    np.testing.assert_array_equal(load(image), expected)
    np.testing.assert_array_equal(load(image), expected)  # it stays usable
    image.load()
    assert np.abs(load(image).astype(int) - expected).mean() < 6


def test_another_frame_than_the_first_is_taken_from_the_image():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    image = Image.open(io.BytesIO(encode(frames[0], "TIFF", save_all=True, append_images=frames[1:])))
    image.seek(1)
    assert load(image)[0, 0].tolist() == [0, 0, 255]


@pytest.mark.parametrize(
    ("array", "mode"),
    [
        (PIXELS[..., :3], "RGB"),
        (PIXELS, "RGBA"),
        (PIXELS[..., 0], "L"),
        (PIXELS[..., :1], "L"),
        (np.asfortranarray(PIXELS[..., :3]), "RGB"),
        (PIXELS[:, :, 2::-1][:, :, ::-1], "RGB"),
    ],
)
def test_an_array_has_the_pixels_of_its_png(array, mode):
    np.testing.assert_array_equal(load(array), decode_photo(encode(IMAGES[mode]), SIZE))


def test_pixels_of_the_right_size_are_copied():
    array = np.zeros((SIZE, SIZE, 3), np.uint8)
    taken = take_picture(array, SIZE)
    array[:] = 9
    assert taken.load(SIZE).max() == 0


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview, io.BytesIO])
def test_bytes_and_open_files_are_decoded(make):
    data = encode(IMAGES["RGB"], "JPEG")
    np.testing.assert_array_equal(load(make(data)), decode_photo(data, SIZE))


def test_a_file_is_read_from_its_beginning():
    stream = io.BytesIO()
    IMAGES["RGB"].save(stream, "PNG")  # it is at its end now
    np.testing.assert_array_equal(load(stream), decode_photo(stream.getvalue(), SIZE))


def test_a_file_without_positions_is_read(tmp_path):
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    data = encode(IMAGES["RGB"])
    np.testing.assert_array_equal(load(Pipe(data)), decode_photo(data, SIZE))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "got None, need a path, bytes"),
        (3.5, "got a value of type float"),
        (np.full((4, 4, 3), 0.5), r"got an array of float64 from 0 to 1.*array \* 255"),
        (np.full((4, 4, 3), 99, np.float32), r"array of float32, need uint8 .*clip\(0, 255\)"),
        (np.full((4, 4, 3), 99), r"got an array of int64.*array.astype\('uint8'\)"),
        (np.full((4, 4, 3), 999), "got an array of int64.*Scale its values"),
        (DEEP, "got an array of uint16.*257"),
        (np.zeros((4, 4), bool), r"got an array of bool.*\* 255"),
        (np.zeros((3, 40, 50), np.uint8), r"got an array of shape \(3, 40, 50\).*transpose\(1, 2, 0\)"),
        (np.zeros((40, 50, 2), np.uint8), r"got an array of shape \(40, 50, 2\), need \(height"),
        (np.zeros((0, 50, 3), np.uint8), r"got an array of shape \(0, 50, 3\)"),
        (np.zeros((2, 2, 2, 3), np.uint8), r"got an array of shape \(2, 2, 2, 3\)"),
        (io.StringIO("text"), r"a file that is open as text.*'rb'"),
        (type("Tensor", (), {"__array__": None})(), r"of type Tensor.*numpy.asarray"),
    ],
)
def test_what_is_no_picture_is_told_with_the_remedy(value, told):
    with pytest.raises(PhotoError, match=f"Cannot use a picture: .*{told}"):
        take_picture(value, SIZE)


def test_what_cannot_be_decoded_is_told_when_it_is_loaded():
    closed = Image.open(io.BytesIO(encode(IMAGES["RGB"])))
    closed.close()
    with pytest.raises(PhotoError, match="cannot be decoded"):
        take_picture(closed, SIZE).load(SIZE)
    file = io.BytesIO(b"x")
    file.close()
    with pytest.raises(PhotoError, match="cannot be read: I/O operation on closed file"):
        take_picture(file, SIZE).load(SIZE)


def test_single_pictures_and_lists_are_told_apart(tmp_path):
    singles = ["a.jpg", tmp_path, b"x", io.BytesIO(), IMAGES["L"], PIXELS, PIXELS[..., 0]]
    assert all(map(is_picture, singles))
    assert not any(map(is_picture, [["a.jpg"], np.array(["a.jpg"]), PIXELS[None], (b"x",)]))
    assert list(list_pictures(np.array(["a.jpg"]))) == ["a.jpg"]
    assert len(list(list_pictures(PIXELS[None]))) == 1
    assert [describe_picture("a.jpg"), describe_picture(b"x")] == ["'a.jpg'", "the picture"]


def test_pixels_are_hashed_by_content():
    first, same, other = (take_picture(array, SIZE) for array in (PIXELS, PIXELS.copy(), PIXELS[::-1]))
    assert first.hash_pixels() == same.hash_pixels() != other.hash_pixels()
