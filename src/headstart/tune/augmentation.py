"""Random augmentation of training photos: mirrored, rotated, cropped, brighter or darker."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  torch's own habit

MAX_ANGLE = math.radians(10)
MIN_SIDE = 0.8  # side of a crop, as a share of the photo's side
MAX_LIGHT = 0.2  # change of brightness and of contrast, as a share


@dataclass(frozen=True, eq=False)
class Augmentation:
    """The random changes of each photo of a batch of B.

    Attributes
    ----------
    affine
        (B, 2, 3) float32: matrices from the points of the changed photos to those of the originals.
    light
        (2, B, 1, 1, 1) float32: factors of contrast and of brightness.
    """

    affine: npt.NDArray[np.float32]
    light: npt.NDArray[np.float32]

    def take(self, part: slice) -> Augmentation:
        """Return the changes of a part of the batch."""
        return Augmentation(self.affine[part], self.light[:, part])


def draw_augmentation(n: int, generator: np.random.Generator, *, n_symmetric: int = 1) -> Augmentation:
    """Draw the changes of ``n`` photos, see `augment_pixels`."""
    angle = generator.uniform(-MAX_ANGLE, MAX_ANGLE, n)
    if n_symmetric > 2:
        n_turns = n_symmetric // 2
        angle += generator.integers(n_turns, size=n) * (math.tau / n_turns)
    side = generator.uniform(MIN_SIDE, 1.0, n)
    shift = generator.uniform(-1, 1, (n, 2)) * (1 - side)[:, None]
    mirror = generator.choice([-1.0, 1.0], n)
    affine = np.zeros((n, 2, 3), np.float32)
    affine[:, 0, 0], affine[:, 0, 1] = side * mirror * np.cos(angle), -side * np.sin(angle)
    affine[:, 1, 0], affine[:, 1, 1] = side * mirror * np.sin(angle), side * np.cos(angle)
    affine[:, :, 2] = shift
    light = generator.uniform(1 - MAX_LIGHT, 1 + MAX_LIGHT, (2, n, 1, 1, 1)).astype(np.float32)
    return Augmentation(affine, light)


def apply_augmentation(pixels: Tensor, augmentation: Augmentation) -> Tensor:
    """Return (B, S, S, 3) uint8 photos with their changes, as (B, S, S, 3) float32."""
    x = pixels.permute(0, 3, 1, 2).float()
    grid = F.affine_grid(torch.from_numpy(augmentation.affine).to(x.device), list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
    light = torch.from_numpy(augmentation.light).to(x.device)
    mean = x.mean((1, 2, 3), keepdim=True)
    return (((x - mean) * light[0] + mean) * light[1]).clamp(0, 255).permute(0, 2, 3, 1)


def augment_pixels(pixels: Tensor, generator: np.random.Generator, *, n_symmetric: int = 1) -> Tensor:
    """Return a randomly changed version of each photo of a batch.

    Parameters
    ----------
    pixels
        (B, S, S, 3) uint8.
    n_symmetric
        Number of symmetric views that are equally valid photos. With 4, photos are also turned upside down; with 8, by
        any quarter turn.

    Returns
    -------
    (B, S, S, 3) float32, 0 to 255. Each photo is mirrored or not, rotated by up to 10 degrees, cropped to 80 to 100% of
    its side, and changed in brightness and contrast by up to 20%. Beyond its edges a photo is continued by reflection.
    """
    return apply_augmentation(pixels, draw_augmentation(len(pixels), generator, n_symmetric=n_symmetric))
