"""Find classes that a head tells by the border or a corner of the photos, by heat maps (Zhou et al. 2016).

Measured on cats and dogs, ants and bees, coffee leaves, rice leaves and solar cells, 20 photos a class: the median
share of the heat is at most 14% in a corner, 16% at an edge, and 44% in the border. With a logo or a date in a corner
of one class, on which the head depends, it is 35% to 60% in this corner. A head that can tell the subject has its heat
there, and no class is reported. A border of one grey adds little heat: `find_shortcuts` finds it by its pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import BackboneSetup
from headstart.classifier.build import build_classifier
from headstart.classifier.file import parse_classifier
from headstart.classifier.heat_maps import Explainer
from headstart.classifier.metadata import Metadata
from headstart.errors import PhotoError
from headstart.head.class_weights import balanced_weights
from headstart.head.logistic import fit_logistic
from headstart.head.training_rows import prepare_rows
from headstart.inspection.finding import Finding
from headstart.inspection.photo_set import PhotoSet
from headstart.pixels.decode import read_photo
from headstart.process.cores import count_cores

PER_CLASS, FEWEST = 20, 10  # photos of a class, at most and at least
MAX_PHOTOS = 80  # of all classes: 10 milliseconds each, and the time to decode them
MAX_ROWS = 2_000  # that the head is fitted to
STRENGTH = 0.01  # the middle of the best strengths on real photos
SMALLEST_MAP = 5  # places on a side; on fewer, border and middle are the same
CORNER = 2 / 7  # of a side
CORNER_LIMIT, SIDE_LIMIT, BORDER_LIMIT = 0.25, 0.35, 0.7  # median shares of the heat; of an even map 8%, 14% and 49%
N_EXAMPLES = 4
Heat = npt.NDArray[np.float32]


def find_border_evidence(photos: PhotoSet) -> list[Finding]:
    """Find classes whose heat maps stand on a corner, a side or the border much more than in the middle.

    A linear head is fitted to the features, and explained on a few photos of each class, at most of the 8 largest.
    Takes 1 to 2 s. The result is empty if the network is not known, if its features are not means over the photo, or
    if its maps have fewer than 5 places on a side.
    """
    counts = np.bincount(photos.y, minlength=len(photos.labels))
    chosen = [c for c in np.argsort(-counts, kind="stable").tolist() if counts[c] >= FEWEST][: MAX_PHOTOS // FEWEST]
    if photos.setup is None or len(chosen) < 2:
        return []
    explainer = _make_explainer(photos, photos.setup, chosen)
    if not explainer.can_explain:
        return []
    per_class = min(PER_CLASS, MAX_PHOTOS // len(chosen))
    found = []
    for c in chosen:
        members = np.flatnonzero(photos.y == c)
        at = np.random.default_rng(0).choice(members, min(per_class, len(members)), replace=False)
        finding = _judge(photos, c, *_explain(photos, photos.setup, explainer, np.sort(at).tolist(), str(c)))
        if finding is not None:
            found.append(finding)
    return sorted(found, key=lambda finding: -finding.score)


def _make_explainer(photos: PhotoSet, setup: BackboneSetup, chosen: Sequence[int]) -> Explainer:
    """Fit a head to the features of the last stage, and return the explainer of its answers; labels are numbers."""
    at = np.flatnonzero(np.isin(photos.y, chosen))
    if len(at) > MAX_ROWS:
        at = np.sort(np.random.default_rng(0).choice(at, MAX_ROWS, replace=False))
    names, y = np.unique(photos.y[at], return_inverse=True)
    X = photos.X[at, -setup.spec.n_features :]  # of all stages the last is at the end
    prepared = prepare_rows(X, y, n_classes=len(names), class_weight=balanced_weights(y, len(names)))
    head = fit_logistic(prepared, strength=STRENGTH).head
    about = Metadata.describe(
        setup.spec, labels=names, image_size=setup.image_size, precision="f32", digests=(), seed=0, depth=setup.depth
    )
    weights, bias = head.weights.astype(np.float32), head.bias.astype(np.float32)
    return Explainer(parse_classifier(build_classifier(setup.backbone, weights, bias, about)))


def _explain(
    photos: PhotoSet, setup: BackboneSetup, explainer: Explainer, at: Sequence[int], label: str
) -> tuple[list[int], list[Heat]]:
    """Return the row numbers of the photos that could be read again, and their heat maps."""

    def attempt(n: int) -> npt.NDArray[np.uint8] | None:
        photo = photos.photos[n]
        try:
            return read_photo(photo.path, setup.image_size, photo.digest, depth=setup.depth)
        except PhotoError:
            return None

    with ThreadPoolExecutor(count_cores()) as pool:
        pixels = dict(zip(at, pool.map(attempt, at), strict=True))
    maps = {n: explainer.explain_pixels(some, label).heat for n, some in pixels.items() if some is not None}
    return list(maps), list(maps.values())


def _judge(photos: PhotoSet, c: int, at: list[int], maps: list[Heat]) -> Finding | None:
    """Return a finding if the heat of most photos of a class stands on one region."""
    if len(at) < FEWEST or min(maps[0].shape) < SMALLEST_MAP:
        return None
    heat = np.maximum(np.stack(maps), 0).astype(np.float64)
    heat /= heat.sum(axis=(1, 2), keepdims=True) + 1e-9
    best: tuple[float, str, npt.NDArray[np.float64], float] | None = None
    for name, limit, region in _list_regions(*maps[0].shape):
        shares = heat[:, region].sum(axis=1)
        excess = (float(np.median(shares)) - limit) / (1 - limit)
        if excess >= 0 and (best is None or excess > best[0]):
            best = excess, name, shares, float(region.mean())
    if best is None:
        return None
    excess, name, shares, area = best
    label = photos.labels[c]
    seen = f"in half of {len(at)} photos, {np.median(shares):.0%} or more of the heat map stands on it"
    evidence = f"A classifier tells '{label}' by the {name}: {seen}, {area:.0%} of the picture."
    examples = [at[n] for n in np.argsort(-shares, kind="stable")[:N_EXAMPLES]]
    return photos.find("shortcut", examples, score=0.5 + 0.5 * excess, evidence=evidence, label=label)


def _list_regions(height: int, width: int) -> list[tuple[str, float, npt.NDArray[np.bool_]]]:
    """Return name, limit and places (h, w) of the corners, the sides and the border."""
    rows, columns = round(CORNER * height), round(CORNER * width)
    y, x = np.mgrid[:height, :width]
    is_top, is_bottom, is_left, is_right = y < rows, y >= height - rows, x < columns, x >= width - columns
    is_middle = (y > 0) & (y < height - 1) & (x > 0) & (x < width - 1)
    return [
        ("upper left corner", CORNER_LIMIT, is_top & is_left),
        ("upper right corner", CORNER_LIMIT, is_top & is_right),
        ("lower left corner", CORNER_LIMIT, is_bottom & is_left),
        ("lower right corner", CORNER_LIMIT, is_bottom & is_right),
        ("upper edge", SIDE_LIMIT, y == 0),
        ("lower edge", SIDE_LIMIT, y == height - 1),
        ("left edge", SIDE_LIMIT, x == 0),
        ("right edge", SIDE_LIMIT, x == width - 1),
        ("border", BORDER_LIMIT, ~is_middle),
    ]
