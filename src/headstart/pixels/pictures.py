"""Pictures in memory: what a program may give instead of the path of a photo."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from headstart.errors import PhotoError
from headstart.pixels.decode import decode_image, decode_photo, read_photo
from headstart.pixels.photo_bytes import check_size
from headstart.pixels.resizing import Pixels, resize_pixels
from headstart.pixels.sample_values import MAX_DEPTH
from headstart.storage.remote_paths import make_path

if TYPE_CHECKING:
    from PIL import Image

    Picture: TypeAlias = str | Path | bytes | bytearray | memoryview | IO[bytes] | Image.Image | npt.NDArray[np.uint8]
    """A path; the bytes of a photo file; an open binary file; an image of Pillow; or an array of a single picture."""

SHAPES = "(height, width, 3), (height, width, 4), (height, width, 1) or (height, width)"
TAKEN = "a path, bytes, an open binary file, an image of Pillow or an array"


@dataclass(frozen=True, slots=True, eq=False)
class TakenPicture:
    """A picture that cannot change any more: a program may close its file, or write into its array again.

    Attributes
    ----------
    path
        Path of the file, or None for a picture in memory.
    content
        Bytes of a photo file, pixels (S, S, 3) uint8, or the reason why the picture cannot be decoded. None: the file
        at ``path`` has them.
    depth
        Bits of the values in files with 16 bits a sample, as for `decode_photo`.
    """

    path: Path | None
    content: bytes | Pixels | PhotoError | None = None
    depth: int = MAX_DEPTH

    def load(self, size_px: int, read: Callable[[Path, int], Pixels] | None = None) -> Pixels:
        """Return (``size_px``, ``size_px``, 3) uint8 RGB, or raise PhotoError; ``read`` returns those of a path."""
        if self.path is not None:
            return read(self.path, size_px) if read else read_photo(self.path, size_px, depth=self.depth)
        if isinstance(self.content, PhotoError):
            raise self.content
        if isinstance(self.content, bytes):
            check_size(len(self.content))
            return decode_photo(self.content, size_px, depth=self.depth)
        return np.asarray(self.content, np.uint8)

    def hash_pixels(self) -> str:
        """Return a digest of the pixels in hex, which is never that of a file."""
        return hashlib.sha256(b"pixels" + np.asarray(self.content).tobytes()).hexdigest()


def is_picture(value: Any) -> bool:
    """Say whether a value is a single picture, not several."""
    if isinstance(value, np.ndarray):
        return value.ndim in (2, 3) and value.dtype != object
    return isinstance(value, str | Path | bytes | bytearray | memoryview) or hasattr(value, "read") or _is_image(value)


def list_pictures(values: Any) -> Iterable[Any]:
    """Return the pictures in a list, a column or an array; raise PhotoError for a value that holds none."""
    if isinstance(values, np.ndarray) and values.dtype != object and values.dtype.kind not in "US" and values.ndim != 4:
        raise _refuse(f"an array of shape {values.shape}", f"uint8 of shape (N, height, width, 3) or {SHAPES}")
    if hasattr(values, "columns") and hasattr(values, "iloc"):
        hint = "Give one column, such as table['path']."
        raise _refuse(f"a table with the columns {', '.join(map(str, values.columns))}", "a list of pictures", hint)
    if not isinstance(values, Iterable):
        raise _refuse(_describe(values), f"{TAKEN}, or a list of them")
    return values


def describe_picture(picture: Any) -> str:
    """Return the path of a picture in quotes, or ``the picture``."""
    return f"'{picture}'" if isinstance(picture, str | Path) else "the picture"


def take_picture(picture: Any, size_px: int, depth: int = MAX_DEPTH) -> TakenPicture:
    """Take one picture at a size; nothing that the program does with it later matters.

    Pixels go the way of those of a file: colours, orientation and resizing are the same. An image of Pillow that was
    opened from a JPEG and has not been loaded is read from its file.

    Raises
    ------
    PhotoError
        If the value is no picture; the message is complete. A picture that cannot be decoded raises it in `load`.
    """
    if isinstance(picture, str | Path):
        return TakenPicture(make_path(picture), depth=depth)
    try:
        return TakenPicture(None, _take_content(picture, size_px, depth), depth)
    except _UndecodableError as error:
        return TakenPicture(None, PhotoError(str(error)))


class _UndecodableError(PhotoError):
    """A picture of an allowed type cannot be decoded; the message is the reason alone."""


def _take_content(picture: Any, size_px: int, depth: int) -> bytes | Pixels:
    if isinstance(picture, bytes | bytearray | memoryview):
        return bytes(picture)
    if hasattr(picture, "read"):
        return _read_file(picture)
    if _is_image(picture):
        data = _find_jpeg(picture)
        return data if data is not None else _decode(picture, size_px, depth)
    if isinstance(picture, np.ndarray):
        return _convert_array(picture, size_px)
    raise _refuse(_describe(picture), TAKEN, _advise_conversion(picture))


def _is_image(value: Any) -> bool:
    pillow = sys.modules.get("PIL.Image")  # a program with an image has imported it
    return pillow is not None and isinstance(value, pillow.Image)


def _read_file(file: IO[bytes]) -> bytes:
    """Read an open file from its beginning: a program that has just written it is at its end."""
    try:
        if file.seekable():
            file.seek(0)
        data: Any = file.read()
    except (OSError, ValueError, AttributeError) as error:
        raise _UndecodableError(f"cannot be read: {error}") from None
    if not isinstance(data, bytes):
        raise _refuse("a file that is open as text", "a binary one", "Open it with open(path, 'rb').")
    return data


def _find_jpeg(image: Any) -> bytes | None:
    """Return the file of a JPEG that Pillow has opened and not decoded, so that it is decoded like any other file."""
    file = getattr(image, "fp", None)
    if getattr(image, "format", None) not in ("JPEG", "MPO") or not getattr(image, "tile", None) or file is None:
        return None
    try:
        if image.tell():  # another picture of the file was chosen
            return None
        position = file.tell()
        file.seek(0)
        data: bytes = file.read()
        file.seek(position)
    except (OSError, ValueError, AttributeError):
        return None
    return data


def _decode(image: Any, size_px: int, depth: int = MAX_DEPTH) -> Pixels:
    try:
        return decode_image(image, size_px, depth=depth)
    except PhotoError as error:
        raise _UndecodableError(str(error)) from None


def _convert_array(array: npt.NDArray[Any], size_px: int) -> Pixels:
    _check_array(array)
    if array.ndim == 3 and array.shape[2] == 3:
        pixels = resize_pixels(np.ascontiguousarray(array), size_px, size_px)
        return np.array(pixels)  # a copy, if it had this size already
    from PIL import Image

    flat = array[..., 0] if array.shape[2:] == (1,) else array
    return _decode(Image.fromarray(np.ascontiguousarray(flat)), size_px)


def _check_array(array: npt.NDArray[Any]) -> None:
    """Raise PhotoError, with the remedy, unless an array is a single picture of 8 bits."""
    what, shape = f"an array of {array.dtype}", array.shape
    if array.ndim not in (2, 3) or 0 in shape:
        raise _refuse(f"an array of shape {shape}", f"uint8 of shape {SHAPES}")
    if array.ndim == 3 and shape[2] not in (1, 3, 4):
        is_first = shape[0] in (1, 3, 4)
        hint = "The colours come first: give array.transpose(1, 2, 0)." if is_first else ""
        raise _refuse(f"an array of shape {shape}", SHAPES, hint)
    if array.dtype == np.uint8:
        return
    if array.dtype.kind == "f":
        low, high = float(array.min()), float(array.max())
        hint = "Give array.clip(0, 255).astype('uint8')."
        if low >= 0 and high <= 1:
            what, hint = f"{what} from 0 to 1", "Give (array * 255).round().astype('uint8')."
    elif array.dtype == np.bool_:
        hint = "Give array.astype('uint8') * 255."
    elif array.dtype.kind in "iu" and array.min() >= 0 and array.max() <= 255:
        hint = "Its values fit: give array.astype('uint8')."
    elif array.dtype == np.uint16:
        hint = "Give (array // 257).astype('uint8') if white is 65535."
    else:
        hint = "Scale its values to 0 to 255, and give array.astype('uint8')."
    raise _refuse(what, "uint8 from 0 to 255", hint)


def _describe(value: Any) -> str:
    return "None" if value is None else f"a value of type {type(value).__name__}"


def _advise_conversion(value: Any) -> str:
    return "Give numpy.asarray(it) in uint8, the colours last." if hasattr(value, "__array__") else ""


def _refuse(what: str, rule: str, hint: str = "") -> PhotoError:
    return PhotoError(f"Cannot use a picture: got {what}, need {rule}.{' ' * bool(hint)}{hint}")
