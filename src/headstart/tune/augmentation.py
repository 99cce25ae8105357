"""Photos changed at random while they are trained on: mirrored, turned, cropped, brighter or darker."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  torch's own habit

MAX_ANGLE = math.radians(10)
MIN_SIDE = 0.8  # of a crop, as a share of the photo's
MAX_LIGHT = 0.2  # brightness and contrast, as a share


@dataclass(frozen=True, eq=False)
class Changes:
    """How each photo of a batch is changed.

    Attributes
    ----------
    place
        (B, 2, 3) float32: where a point of the changed photo comes from.
    light
        (2, B, 1, 1, 1) float32: what contrast and brightness are multiplied by.
    """

    place: npt.NDArray[np.float32]
    light: npt.NDArray[np.float32]

    def take(self, part: slice) -> Changes:
        """Return those of some photos."""
        return Changes(self.place[part], self.light[:, part])


def draw_changes(n: int, generator: np.random.Generator, *, n_symmetric: int = 1) -> Changes:
    """Draw how ``n`` photos are changed, see `augment_pixels`."""
    angle = generator.uniform(-MAX_ANGLE, MAX_ANGLE, n)
    if n_symmetric > 2:
        n_turns = n_symmetric // 2
        angle += generator.integers(n_turns, size=n) * (math.tau / n_turns)
    side = generator.uniform(MIN_SIDE, 1.0, n)
    shift = generator.uniform(-1, 1, (n, 2)) * (1 - side)[:, None]
    mirror = generator.choice([-1.0, 1.0], n)
    place = np.zeros((n, 2, 3), np.float32)
    place[:, 0, 0], place[:, 0, 1] = side * mirror * np.cos(angle), -side * np.sin(angle)
    place[:, 1, 0], place[:, 1, 1] = side * mirror * np.sin(angle), side * np.cos(angle)
    place[:, :, 2] = shift
    return Changes(place, generator.uniform(1 - MAX_LIGHT, 1 + MAX_LIGHT, (2, n, 1, 1, 1)).astype(np.float32))


def change_pixels(pixels: Tensor, changes: Changes) -> Tensor:
    """Return photos, (B, S, S, 3) uint8, as (B, S, S, 3) float32, so changed."""
    x = pixels.permute(0, 3, 1, 2).float()
    grid = F.affine_grid(torch.from_numpy(changes.place).to(x.device), list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
    light = torch.from_numpy(changes.light).to(x.device)
    middle = x.mean((1, 2, 3), keepdim=True)
    return (((x - middle) * light[0] + middle) * light[1]).clamp(0, 255).permute(0, 2, 3, 1)


def augment_pixels(pixels: Tensor, generator: np.random.Generator, *, n_symmetric: int = 1) -> Tensor:
    """Return a changed version of each photo of a batch.

    Parameters
    ----------
    pixels
        (B, S, S, 3) uint8.
    n_symmetric
        How many symmetric views of a photo are as good as the photo: with 4 they are turned upside down, too, with 8
        by any quarter.

    Returns
    -------
    (B, S, S, 3) float32, 0 to 255. Each is mirrored or not, turned by up to 10 degrees, cropped to 80 to 100% of its
    side, and changed in brightness and contrast by up to 20%. Beyond its edge a photo is continued by reflection.
    """
    return change_pixels(pixels, draw_changes(len(pixels), generator, n_symmetric=n_symmetric))
