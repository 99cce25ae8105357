"""Pictures for the search of near copies: copies of photos by kind, and painted look-alikes that are no copies."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

SIZE_PX = 320
Generator = np.random.Generator
Copy = Callable[[Image.Image, Generator], Image.Image]


def save_again(image: Image.Image, quality: int) -> bytes:
    """Return an image as the bytes of a JPEG file."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def crop(image: Image.Image, generator: Generator, share: float) -> Image.Image:
    """Keep a share of each side, at a random place."""
    width, height = round(image.width * share), round(image.height * share)
    left, top = generator.integers(image.width - width + 1), generator.integers(image.height - height + 1)
    return image.crop((int(left), int(top), int(left) + width, int(top) + height))


def turn(image: Image.Image, degrees: float) -> Image.Image:
    """Turn an image, and cut off the empty corners."""
    turned = image.rotate(degrees, Image.Resampling.BICUBIC)
    edge = np.tan(np.radians(abs(degrees)))
    x, y = round(image.height * edge / 2), round(image.width * edge / 2)
    return turned.crop((x, y, image.width - x, image.height - y))


def take_next_frame(image: Image.Image, generator: Generator) -> Image.Image:
    """Move the camera by up to 1.5% of the width, change the exposure by up to 10%, and add noise."""
    dx, dy = generator.uniform(-0.015, 0.015, 2) * image.width
    moved = image.transform(image.size, Image.Transform.AFFINE, (1, 0, dx, 0, 1, dy), Image.Resampling.BICUBIC)
    noise = generator.normal(0, 4, (image.height, image.width, 3))
    pixels = np.asarray(moved, np.float64) * generator.uniform(0.9, 1.1) + noise
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


COPIES: dict[str, Copy] = {
    "halved": lambda image, _: image.resize((max(1, image.width // 2), max(1, image.height // 2))),
    "JPEG quality 40": lambda image, _: image,
    "mirrored": lambda image, _: ImageOps.mirror(image),
    "upside down": lambda image, _: image.rotate(180),
    "grey": lambda image, _: ImageOps.grayscale(image).convert("RGB"),
    "brightened": lambda image, _: ImageEnhance.Brightness(image).enhance(1.3),
    "next frame": take_next_frame,
    "cropped to 90%": lambda image, generator: crop(image, generator, 0.9),
    "cropped to 80%": lambda image, generator: crop(image, generator, 0.8),
    "turned by 3 degrees": lambda image, _: turn(image, 3),
}


def make_copy(image: Image.Image, kind: str, generator: Generator) -> bytes:
    """Return a copy of a photo as the bytes of a JPEG file."""
    return save_again(COPIES[kind](image, generator), 40 if kind == "JPEG quality 40" else 90)


def paint_texture(generator: Generator) -> Image.Image:
    """Paint a sample of one rough surface: noise of one spectrum."""
    return to_image(128 + 40 * paint_noise(generator, 0.02))


def paint_brushed(generator: Generator) -> Image.Image:
    """Paint a sample of brushed metal: lines along one direction."""
    lines = np.repeat(generator.normal(size=(SIZE_PX, 1)), SIZE_PX, 1)
    lines = lines + 0.5 * generator.normal(size=(SIZE_PX, SIZE_PX))
    return to_image(128 + 25 * lines)


def paint_tile(generator: Generator) -> Image.Image:
    """Paint one part on a table, always in the same place, half of the time with a scratch."""
    image = Image.new("RGB", (SIZE_PX, SIZE_PX), (90, 95, 90))
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 40, 280, 280), fill=(170, 165, 160))
    draw.ellipse((120, 120, 200, 200), fill=(60, 60, 65))
    if generator.random() < 0.5:
        x, y, dx, dy = generator.integers(50, 270, 4)
        draw.line((x, y, dx, dy), fill=(40, 40, 40), width=4)
    return add_noise(image, generator, 6)


def paint_gradient(generator: Generator) -> Image.Image:
    """Paint a gradient with noise, such as a sky."""
    across, down = np.meshgrid(np.linspace(-1, 1, SIZE_PX), np.linspace(-1, 1, SIZE_PX))
    a, b = generator.uniform(-60, 60, 2)
    return add_noise(to_image(128 + a * across + b * down), generator, 5)


def paint_plain(generator: Generator) -> Image.Image:
    """Paint a plain background with a little noise."""
    return add_noise(Image.new("RGB", (SIZE_PX, SIZE_PX), (235, 235, 235)), generator, 3)


def paint_page(generator: Generator) -> Image.Image:
    """Paint a page of text: lines of words of random lengths."""
    image = Image.new("RGB", (SIZE_PX, SIZE_PX), "white")
    draw = ImageDraw.Draw(image)
    for y in range(20, 300, 14):
        x = 20
        while (width := int(generator.integers(8, 50))) + x < 300:
            draw.rectangle((x, y, x + width, y + 7), fill=(60, 60, 60))
            x += width + 6
    return image


LOOK_ALIKES: dict[str, Callable[[Generator], Image.Image]] = {
    "rough surface": paint_texture,
    "brushed metal": paint_brushed,
    "one part, with or without a scratch": paint_tile,
    "gradients": paint_gradient,
    "plain backgrounds": paint_plain,
    "pages of text": paint_page,
}


def paint_noise(generator: Generator, knee: float) -> np.ndarray:
    """Return noise of deviation 1 whose spectrum falls above a frequency, in waves per pixel."""
    rough = np.fft.fft2(generator.normal(size=(SIZE_PX, SIZE_PX)))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIZE_PX), np.fft.fftfreq(SIZE_PX)))
    surface = np.fft.ifft2(rough / (frequency + knee)).real
    return surface / surface.std()


def to_image(grey: np.ndarray) -> Image.Image:
    """Return grey levels as an image in colour."""
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8)).convert("RGB")


def add_noise(image: Image.Image, generator: Generator, deviation: float) -> Image.Image:
    """Add the noise of a camera."""
    pixels = np.asarray(image, np.float64) + generator.normal(0, deviation, (SIZE_PX, SIZE_PX, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
