"""Draw augmented views of a photo: the random flips and rotations of the Keras tutorial, fixed by a seed.

A view depends on the photo's content, the seed and the view's number, never on the order of processing. So the same
training has the same views, cached or not.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RENDERING_RULES = 2  # counts up when `render_view` gives other pixels for the same view
MAX_TURNS = 0.2  # Keras' RandomRotation(0.2): up to a fifth of a full turn either way


@dataclass(frozen=True, slots=True)
class View:
    """One augmented version of a photo.

    Attributes
    ----------
    is_flipped
        Whether the photo is mirrored left to right, before the rotation.
    turns
        Rotation counter-clockwise in full turns.
    """

    is_flipped: bool = False
    turns: float = 0.0

    def describe(self) -> str:
        """Return a text that is equal for equal views."""
        return f"flip {int(self.is_flipped)}, turn {self.turns:.6f}"

    def choose(self, digest: str) -> View:
        """Return this view, whatever the photo, as `ViewChoice` returns one of its views."""
        del digest
        return self


@dataclass(frozen=True, slots=True)
class ViewChoice:
    """One of several views of a photo, chosen by the photo's content."""

    views: tuple[View, ...]

    def describe(self) -> str:
        """Return a text that is equal for equal choices."""
        return "one of " + "; ".join(view.describe() for view in self.views)

    def choose(self, digest: str) -> View:
        """Return the view of the photo with a content hash, in hex.

        Examples
        --------
        >>> ViewChoice(SYMMETRIES[:2]).choose("ab13")
        View(is_flipped=False, turns=0.0)
        """
        bits = hashlib.sha256(digest.encode()).digest()
        return self.views[int.from_bytes(bits[:8], "big") % len(self.views)]


AS_IT_IS = View()
# The 8 symmetries of a square, exact for every pixel: the first 2 for photos that may be mirrored, the first 4 for
# photos that also may be upside down, all 8 for photos that may also be turned by 90 degrees.
SYMMETRIES = tuple(View(is_flipped, turns) for turns in (0.0, 0.5, 0.25, 0.75) for is_flipped in (False, True))


def draw_view(digest: str, number: int, seed: int) -> View:
    """Draw view ``number`` of the photo with a content hash, in hex; number 0 is the photo as it is.

    Examples
    --------
    >>> draw_view("ab12", 0, seed=0)
    View(is_flipped=False, turns=0.0)
    >>> draw_view("ab12", 3, seed=0) == draw_view("ab12", 3, seed=0)
    True
    """
    if number == 0:
        return AS_IT_IS
    bits = hashlib.sha256(f"{digest} {number} {seed}".encode()).digest()
    generator = np.random.default_rng(int.from_bytes(bits[:8], "big"))
    is_flipped = bool(generator.integers(2))
    return View(is_flipped, round(float(generator.uniform(-MAX_TURNS, MAX_TURNS)), 6))


def list_views(digest: str, n_views: int, *, is_averaged: bool, seed: int) -> tuple[View, ...]:
    """Return ``n_views`` views of a photo, the photo as it is first.

    Parameters
    ----------
    is_averaged
        Whether predictions are averaged over the views: then they are symmetries of the square, otherwise random.

    Examples
    --------
    >>> list_views("ab12", 2, is_averaged=True, seed=0)
    (View(is_flipped=False, turns=0.0), View(is_flipped=True, turns=0.0))
    """
    if is_averaged:
        return SYMMETRIES[:n_views]
    return tuple(draw_view(digest, number, seed) for number in range(n_views))


def render_view(pixels: npt.NDArray[np.uint8], view: View) -> npt.NDArray[np.uint8]:
    """Flip and rotate square pixels, (S, S, 3) uint8. Corners are filled by reflection, as in Keras."""
    if view.is_flipped:
        pixels = pixels[:, ::-1]
    if (4 * view.turns).is_integer():
        return np.ascontiguousarray(np.rot90(pixels, int(4 * view.turns)))
    from PIL import Image

    size_px = pixels.shape[0]
    margin = size_px // 4  # at any angle, a corner reaches at most (sqrt(2) - 1) / 2 = 0.21 sides beyond the square
    wide = Image.fromarray(np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), mode="symmetric"))
    cos, sin = math.cos(math.tau * view.turns), math.sin(math.tau * view.turns)
    half = size_px / 2
    # the matrix from a point of the square to its place in `wide`: a rotation about the centre of both
    left, top = half + margin - half * (cos - sin), half + margin - half * (sin + cos)
    matrix = (cos, -sin, left, sin, cos, top)
    return np.asarray(wide.transform((size_px, size_px), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR))
