"""A gallery of strangers: small generated images of nothing that a classifier knows, the same on every machine.

Every value is made by whole numbers and by Pillow's fixed-point resizing, so that no processor rounds another way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import ImageFont

VERSION = 1  # counts up when an image changes; a test holds the digest of all images
N_PER_KIND = 4
Pixels = npt.NDArray[np.uint8]

TEXT = (
    "the total of this page was sent by post on monday and a copy is kept in room seven please sign below name date "
    "order number 40817 paid 12.50 due 30 may see note 3 call 555 0142 for help with your new account"
)


@dataclass(frozen=True, slots=True)
class Stranger:
    """One image of the gallery.

    Attributes
    ----------
    kind
        What it shows, such as ``noise``.
    number
        Its number among the images of this kind, from 0.
    """

    kind: str
    number: int

    @property
    def path(self) -> Path:
        """A name in place of the path of a file."""
        return Path(f"{self.kind} {self.number + 1}")

    @property
    def digest(self) -> str:
        """A digest by which the features of the image are cached: that of its name and of the version."""
        return hashlib.sha256(f"stranger {VERSION}, {self.kind}, {self.number}".encode()).hexdigest()


def list_strangers() -> list[Stranger]:
    """List all images of the gallery, by kind: 56 of 15 kinds."""
    return [Stranger(kind, number) for kind, (_, n) in _KINDS.items() for number in range(n)]


def draw_stranger(stranger: Stranger, size_px: int) -> Pixels:
    """Draw an image of the gallery: (``size_px``, ``size_px``, 3) uint8 RGB (2 ms at 224 pixels).

    Examples
    --------
    >>> draw_stranger(Stranger("black", 0), 32).max()
    np.uint8(0)
    """
    generator = np.random.default_rng([list(_KINDS).index(stranger.kind), stranger.number])
    return np.array(_KINDS[stranger.kind][0](generator, stranger.number, size_px), np.uint8)


Draw = Callable[[np.random.Generator, int, int], Pixels]


def _draw_noise(generator: np.random.Generator, number: int, size_px: int) -> Pixels:
    return _enlarge(generator.integers(0, 256, (*_divide(size_px, number), 3)), size_px)


def _draw_grey_noise(generator: np.random.Generator, number: int, size_px: int) -> Pixels:
    return _make_grey(_enlarge(generator.integers(0, 256, _divide(size_px, number)), size_px))


def _divide(size_px: int, number: int) -> tuple[int, int]:
    """Return the size of noise whose grains are 1, 2, 4 or 8 pixels of 224."""
    n = max(2, size_px if number == 0 else 224 >> number)
    return min(n, size_px), min(n, size_px)


def _draw_colour(generator: np.random.Generator, number: int, size_px: int) -> Pixels:
    colour = generator.integers(40, 216, 3)
    colour[number % 3] //= 4
    return _fill(size_px, colour)


def _draw_black(_: np.random.Generator, number: int, size_px: int) -> Pixels:
    return _fill(size_px, [6 * number] * 3)


def _draw_white(_: np.random.Generator, number: int, size_px: int) -> Pixels:
    return _fill(size_px, [255 - 6 * number] * 3)


def _draw_gradient(generator: np.random.Generator, number: int, size_px: int) -> Pixels:
    """Draw a change from one colour to another: to the right, downwards, along the diagonal, from the middle."""
    y, x = np.mgrid[:size_px, :size_px]
    middle = (2 * x - size_px) ** 2 + (2 * y - size_px) ** 2
    along = (x * size_px, y * size_px, (x + y) * size_px // 2, middle // 2)[number]
    first, last = generator.integers(0, 256, (2, 3))
    return _round(first + (last - first) * along[..., None] // size_px**2)


def _draw_stripes(generator: np.random.Generator, number: int, size_px: int) -> Pixels:
    """Draw stripes: upright, level, and along two diagonals."""
    y, x = np.mgrid[:size_px, :size_px]
    along = (x, y, x + y, x + 2 * y)[number]
    width = max(1, size_px * (4, 7, 11, 17)[number] // 224)
    return _round(generator.integers(0, 256, (2, 3))[along // width % 2])


def _draw_checks(generator: np.random.Generator, number: int, size_px: int) -> Pixels:
    y, x = np.mgrid[:size_px, :size_px]
    width = max(1, size_px // (28, 16, 8, 4)[number])
    colours = np.array([[0] * 3, [255] * 3]) if number % 2 == 0 else generator.integers(0, 256, (2, 3))
    return _round(colours[(x // width + y // width) % 2])


def _draw_text_on_white(generator: np.random.Generator, number: int, size_px: int) -> Pixels:
    return _draw_text(generator, number, size_px, paper=255 - 5 * number, ink=15 * number)


def _draw_text_on_dark(generator: np.random.Generator, number: int, size_px: int) -> Pixels:
    return _draw_text(generator, number, size_px, paper=12 * number, ink=255 - 20 * number)


def _draw_text(generator: np.random.Generator, number: int, size_px: int, *, paper: int, ink: int) -> Pixels:
    """Draw lines of words, in letters that are larger with each number."""
    side = (280, 200, 140, 90)[number]
    image, drawing = _open_canvas(side, (paper,) * 3)
    for top in range(6, side - 8, 12):
        _write(drawing, (6, top), _choose_words(generator, side // 24), (ink,) * 3)
    return _resize(image, size_px)


def _draw_circles(generator: np.random.Generator, number: int, size_px: int) -> Pixels:
    image, drawing = _open_canvas(224, tuple(map(int, generator.integers(0, 256, 3))))
    for _ in range((1, 3, 8, 20)[number]):
        x, y = map(int, generator.integers(20, 204, 2))
        radius = int(generator.integers(8, 80 // (number + 1) + 12))
        colour = tuple(map(int, generator.integers(0, 256, 3)))
        drawing.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return _resize(image, size_px)


def _draw_bar_code(generator: np.random.Generator, number: int, size_px: int) -> Pixels:
    image, drawing = _open_canvas(224, (255,) * 3)
    left = 16
    while left < 204:
        width, gap = map(int, generator.integers(1, 4 + number, 2) * (1 + number // 2))
        drawing.rectangle((left, 40, left + width - 1, 170), fill=(0, 0, 0))
        left += width + gap
    _write(drawing, (60, 178), " ".join(map(str, generator.integers(0, 10, 12))), (0, 0, 0))
    return _resize(image, size_px)


def _draw_square_code(generator: np.random.Generator, number: int, size_px: int) -> Pixels:
    """Draw what looks like a QR code."""
    n = (21, 25, 29, 33)[number]
    cells = generator.integers(0, 2, (n, n)) * 255
    for top, left in ((0, 0), (0, n - 7), (n - 7, 0)):
        corner = cells[top : top + 7, left : left + 7]
        corner[:], corner[1:-1, 1:-1], corner[2:-2, 2:-2] = 0, 255, 0
    return _make_grey(_enlarge(np.pad(cells, 3, constant_values=255), size_px))


def _draw_windows(generator: np.random.Generator, number: int, size_px: int) -> Pixels:
    """Draw what looks like a desktop: a bar, and windows with titles, lines of text and a button."""
    image, drawing = _open_canvas(320, tuple(map(int, generator.integers(0, 160, 3))))
    for _ in range(2 + number):
        left, top = (int(generator.integers(4, end)) for end in (200, 160))
        right, bottom = left + int(generator.integers(110, 180)), top + int(generator.integers(80, 140))
        drawing.rectangle((left, top, right, bottom), fill=(246,) * 3, outline=(90,) * 3)
        drawing.rectangle((left, top, right, top + 14), fill=tuple(map(int, generator.integers(40, 200, 3))))
        _write(drawing, (left + 5, top + 2), _choose_words(generator, 2), (255,) * 3)
        for line in range(top + 20, bottom - 26, 12):
            _write(drawing, (left + 6, line), _choose_words(generator, (right - left) // 45), (40,) * 3)
        drawing.rectangle((right - 46, bottom - 20, right - 8, bottom - 6), fill=(60, 110, 200))
    drawing.rectangle((0, 304, 320, 320), fill=(30, 30, 36))
    for n in range(6):
        drawing.rectangle((6 + 20 * n, 307, 18 + 20 * n, 317), fill=tuple(map(int, generator.integers(60, 256, 3))))
    return _resize(image, size_px)


def _draw_clouds(generator: np.random.Generator, number: int, size_px: int) -> Pixels:
    """Draw soft spots of colour: noise of a few grains, enlarged smoothly."""
    from PIL import Image

    n = (3, 5, 9, 16)[number]
    return _resize(Image.fromarray(generator.integers(0, 256, (n, n, 3)).astype(np.uint8)), size_px)


def _fill(size_px: int, colour: npt.ArrayLike) -> Pixels:
    return np.broadcast_to(np.asarray(colour, np.uint8), (size_px, size_px, 3))


def _round(values: npt.NDArray[np.int64]) -> Pixels:
    pixels: Pixels = values.astype(np.uint8)
    return pixels


def _make_grey(values: Pixels) -> Pixels:
    return np.repeat(values[..., None], 3, 2)


def _enlarge(cells: npt.NDArray[np.int64], size_px: int) -> Pixels:
    """Enlarge (N, N, ...) cells to squares of one colour each."""
    at = np.arange(size_px) * len(cells) // size_px
    return _round(cells[at][:, at])


def _open_canvas(side_px: int, colour: tuple[int, ...]) -> tuple[Image, ImageDraw]:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (side_px, side_px), colour)
    return image, ImageDraw.Draw(image)


def _write(drawing: ImageDraw, at: tuple[int, int], text: str, colour: tuple[int, ...]) -> None:
    drawing.text(at, text, fill=colour, font=_load_font())


@cache
def _load_font() -> ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default_imagefont()  # a bitmap: no version of FreeType rounds it another way


def _choose_words(generator: np.random.Generator, n: int) -> str:
    words = TEXT.split()
    return " ".join(words[at] for at in generator.integers(0, len(words), n))


def _resize(image: Image, size_px: int) -> Pixels:
    from PIL import Image

    return np.asarray(image.resize((size_px, size_px), Image.Resampling.BICUBIC))


_KINDS: dict[str, tuple[Draw, int]] = {
    "noise": (_draw_noise, N_PER_KIND),
    "grey noise": (_draw_grey_noise, N_PER_KIND),
    "one colour": (_draw_colour, N_PER_KIND),
    "black": (_draw_black, 2),
    "white": (_draw_white, 2),
    "gradient": (_draw_gradient, N_PER_KIND),
    "stripes": (_draw_stripes, N_PER_KIND),
    "checks": (_draw_checks, N_PER_KIND),
    "text on white": (_draw_text_on_white, N_PER_KIND),
    "text on dark": (_draw_text_on_dark, N_PER_KIND),
    "circles": (_draw_circles, N_PER_KIND),
    "bar code": (_draw_bar_code, N_PER_KIND),
    "square code": (_draw_square_code, N_PER_KIND),
    "windows": (_draw_windows, N_PER_KIND),
    "clouds": (_draw_clouds, N_PER_KIND),
}
