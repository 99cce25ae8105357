"""Painted look-alikes of a factory, a laboratory and a scanner: photos of one kind that are alike and are no copies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from copy_maker import SIZE_PX, Generator, add_noise, paint_noise, to_image

CENTRE = SIZE_PX // 2
Paint = Callable[[Generator], Image.Image]


def paint_part(generator: Generator) -> Image.Image:
    """Paint one part on a plain belt, at a random place, always the same way round."""
    return _place(_draw_part(), generator, (95, 98, 95), degrees=0, reach=75)


def paint_part_in_tray(generator: Generator) -> Image.Image:
    """Paint one part at a random place and angle in a tray that a fixed camera sees."""
    image = Image.new("RGB", (SIZE_PX, SIZE_PX), (120, 118, 110))
    draw = ImageDraw.Draw(image)
    for at in range(20, SIZE_PX, 56):
        draw.line((at, 0, at, SIZE_PX), fill=(80, 78, 74), width=6)
        draw.line((0, at, SIZE_PX, at), fill=(85, 83, 78), width=6)
    return _place(_draw_part(), generator, image, degrees=180, reach=75)


def paint_coin(generator: Generator) -> Image.Image:
    """Paint one coin at a random place and angle."""
    coin = Image.new("RGBA", (150, 150))
    draw = ImageDraw.Draw(coin)
    draw.ellipse((2, 2, 148, 148), fill=(176, 150, 90, 255), outline=(110, 92, 50, 255), width=7)
    draw.ellipse((48, 32, 96, 84), fill=(140, 116, 66, 255))
    draw.polygon(((40, 118), (72, 78), (112, 118)), fill=(146, 122, 70, 255))
    draw.arc((20, 20, 130, 130), 200, 330, fill=(120, 98, 56, 255), width=6)
    return _place(coin, generator, (60, 70, 92), degrees=180, reach=70)


def paint_bolt(generator: Generator) -> Image.Image:
    """Paint one bolt at a random place and angle."""
    bolt = Image.new("RGBA", (180, 180))
    draw = ImageDraw.Draw(bolt)
    draw.rectangle((30, 62, 66, 118), fill=(150, 152, 158, 255))
    draw.rectangle((66, 76, 160, 104), fill=(125, 127, 132, 255))
    for x in range(90, 160, 7):
        draw.line((x, 76, x + 4, 104), fill=(70, 72, 76, 255), width=2)
    return _place(bolt, generator, (205, 203, 198), degrees=180, reach=60)


def paint_stripes(generator: Generator) -> Image.Image:
    """Paint stripes of a random width, moved and slightly turned."""
    period, degrees, phase = generator.uniform(14, 60), generator.uniform(-4, 4), generator.uniform(0, 2 * np.pi)
    y, x = np.mgrid[:SIZE_PX, :SIZE_PX]
    along = x * np.cos(np.radians(degrees)) + y * np.sin(np.radians(degrees))
    return add_noise(to_image(128 + 60 * np.tanh(3 * np.sin(2 * np.pi * along / period + phase))), generator, 6)


def paint_cloth(generator: Generator) -> Image.Image:
    """Paint woven cloth: threads of two directions, moved and slightly turned."""
    degrees, (a, b) = generator.uniform(-3, 3), generator.uniform(0, 2 * np.pi, 2)
    y, x = np.mgrid[:SIZE_PX, :SIZE_PX]
    turn = np.radians(degrees)
    u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    threads = np.sin(2 * np.pi * u / 22 + a) * np.sin(2 * np.pi * v / 26 + b)
    return add_noise(to_image(140 + 35 * threads + 6 * paint_noise(generator, 0.05)), generator, 6)


def paint_bricks(generator: Generator) -> Image.Image:
    """Paint a wall of bricks, moved; each brick has its own tone."""
    image = Image.new("RGB", (SIZE_PX, SIZE_PX), (190, 186, 178))
    draw = ImageDraw.Draw(image)
    left, top = generator.uniform(0, 80), generator.uniform(0, 70)
    for row in range(-1, 11):
        for column in range(-2, 6):
            x, y, tone = column * 80 + left + 40 * (row % 2), row * 35 + top, generator.normal(0, 8)
            draw.rectangle((x, y, x + 74, y + 29), fill=tuple(int(level + tone) for level in (150, 82, 66)))
    return add_noise(image, generator, 6)


def paint_plate(generator: Generator) -> Image.Image:
    """Paint a dark ground plate, such as a magnetic tile; two of three have a small crack."""
    y = np.linspace(-1, 1, SIZE_PX)[:, None]
    image = to_image(62 + 14 * y**2 + 5 * paint_noise(generator, 0.06))
    if generator.random() < 2 / 3:
        points = generator.uniform(30, 290, 2) + generator.normal(0, 12, (7, 2)).cumsum(0)
        ImageDraw.Draw(image).line([tuple(point) for point in points], fill=(28, 28, 28), width=3)
    return add_noise(image, generator, 3)


def paint_cells(generator: Generator) -> Image.Image:
    """Paint cells under a microscope, at random places."""
    image = Image.new("RGB", (SIZE_PX, SIZE_PX), (226, 214, 222))
    draw = ImageDraw.Draw(image)
    for x, y, radius in zip(*generator.uniform(0, SIZE_PX, (2, 28)), generator.normal(20, 2, 28), strict=True):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(206, 150, 176), outline=(178, 112, 150))
        draw.ellipse((x - 7, y - 7, x + 7, y + 7), fill=(112, 66, 132))
    return add_noise(image.filter(ImageFilter.GaussianBlur(1.5)), generator, 4)


def paint_dish(generator: Generator) -> Image.Image:
    """Paint a petri dish that is always in the same place, with 3 to 40 colonies."""
    image = Image.new("RGB", (SIZE_PX, SIZE_PX), (30, 30, 34))
    draw = ImageDraw.Draw(image)
    draw.ellipse((12, 12, 308, 308), fill=(168, 150, 112), outline=(214, 210, 200), width=7)
    for _ in range(generator.integers(3, 41)):
        angle, distance, radius = generator.uniform(0, 2 * np.pi), 130 * np.sqrt(generator.random()), generator.gamma(5)
        x, y = CENTRE + distance * np.cos(angle), CENTRE + distance * np.sin(angle)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(234, 226, 196))
    return add_noise(image, generator, 4)


def paint_form(generator: Generator) -> Image.Image:
    """Paint a scanned form: the same print, other handwriting, up to 2 pixels aside."""
    image = Image.new("RGB", (SIZE_PX, SIZE_PX), (250, 250, 247))
    draw = ImageDraw.Draw(image)
    left, top = generator.integers(-2, 3, 2)
    draw.rectangle((30 + left, 16 + top, 200 + left, 30 + top), fill=(70, 70, 80))
    for y in range(52 + int(top), 310, 32):
        draw.rectangle((20 + left, y, 84 + left, y + 7), fill=(110, 110, 116))
        draw.rectangle((96 + left, y - 8, 300 + left, y + 16), outline=(140, 140, 150))
        x = np.arange(102, 102 + generator.integers(40, 190), 3)
        strokes = y + 4 + 6 * np.sin(x / generator.uniform(2, 4)) + generator.normal(0, 3, len(x))
        draw.line(list(zip(x.tolist(), strokes.tolist(), strict=True)), fill=(30, 40, 110), width=2)
    return add_noise(image, generator, 2)


def paint_slice(generator: Generator) -> Image.Image:
    """Paint a slice of a head, as a scanner gives it: other subjects, other heights, and folds of their own."""
    y, x = np.mgrid[:SIZE_PX, :SIZE_PX] - CENTRE + generator.normal(0, 2, (2, 1, 1))
    level, (wide, high) = generator.uniform(0.5, 1), generator.normal(1, 0.04, 2)
    radius = np.hypot(x / (110 * wide), y / (138 * high)) / (0.72 + 0.28 * level)
    folds = 22 * paint_noise(generator, 0.03)
    brain = np.where(radius < 0.86, 110 + 24 * (radius > 0.68) + folds, 26)
    ventricles = np.hypot((np.abs(x) - 15) / (8 + 8 * level), (y + 8) / (22 + 20 * level)) < 1
    grey = np.where(radius > 1, 6, np.where(radius > 0.93, 205, np.where(ventricles, 34, brain)))
    return add_noise(to_image(grey), generator, 4)


def paint_board(generator: Generator) -> Image.Image:
    """Paint a circuit board in one holder: each chip up to 3 pixels aside, one of six missing now and then."""
    fixed = np.random.default_rng(5)
    image = Image.new("RGB", (SIZE_PX, SIZE_PX), (28, 84, 52))
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y = fixed.integers(10, 300, 2)
        draw.line((x, y, x + fixed.integers(20, 90), y), fill=(120, 150, 92), width=2)
    for x, y, width, height in fixed.integers((20, 20, 24, 24), (240, 240, 64, 64), (6, 4)):
        dx, dy = generator.integers(-3, 4, 2)
        if generator.random() > 0.15:
            draw.rectangle((x + dx, y + dy, x + dx + width, y + dy + height), fill=(30, 30, 34))
    return add_noise(image, generator, 5)


FACTORY: dict[str, Paint] = {
    "one part at many places": paint_part,
    "one part in a tray, at many places and angles": paint_part_in_tray,
    "coins": paint_coin,
    "bolts": paint_bolt,
    "stripes": paint_stripes,
    "cloth": paint_cloth,
    "bricks": paint_bricks,
    "dark plates, with or without a crack": paint_plate,
    "cells": paint_cells,
    "petri dishes": paint_dish,
    "forms with other handwriting": paint_form,
    "slices of heads": paint_slice,
    "circuit boards": paint_board,
}


def _draw_part() -> Image.Image:
    part = Image.new("RGBA", (170, 130))
    draw = ImageDraw.Draw(part)
    draw.polygon(((4, 4), (166, 4), (166, 60), (80, 60), (80, 126), (4, 126)), fill=(168, 164, 158, 255))
    for x, y, radius in ((36, 32, 16), (130, 32, 12), (40, 96, 18)):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(52, 52, 56, 255))
    return part


def _place(
    part: Image.Image, generator: Generator, ground: Image.Image | tuple[int, int, int], degrees: float, reach: float
) -> Image.Image:
    """Put a part on the ground, up to ``reach`` pixels from the middle and turned by up to ``degrees``."""
    image = ground if isinstance(ground, Image.Image) else Image.new("RGB", (SIZE_PX, SIZE_PX), ground)
    large = Image.new("RGBA", image.size)
    large.paste(part, ((SIZE_PX - part.width) // 2, (SIZE_PX - part.height) // 2))
    moved = tuple(generator.uniform(-reach, reach, 2))
    large = large.rotate(generator.uniform(-degrees, degrees), Image.Resampling.BICUBIC, translate=moved)
    image.paste(large, (0, 0), large)
    return add_noise(image, generator, 5)
