"""Near copies: which kinds of copies are found, which look-alikes are taken for copies, and what the search costs.

Copies of photos of cats and dogs are searched among 1,000 other photos, long series of one scene among fewer, bursts
among themselves. Painted look-alikes of each kind are searched among themselves, and then with copies of 20 of them:
halved, JPEG quality 40, mirrored, and brightened. Kinds that move are searched in one set, too. The cost is the share
of near copies in the time of a whole training, by ``metrics.json``, for 10,000 crops of 800 photos, without a cache.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

from copy_maker import COPIES, LOOK_ALIKES, Generator, make_copy, save_again, take_next_frame
from harness import Claim, find_command, publish, read_options, run_process
from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.features.extraction import extract_features
from headstart.features.near_copies import CopyPair, find_near_copies
from headstart.features.near_copy_groups import group_near_copies
from headstart.features.thumbnail_spectra import find_details
from headstart.features.thumbnails import ThumbnailCollector
from headstart.pixels.decode import decode_photo
from look_alikes import FACTORY, Paint

N_COPIED, N_OTHERS, N_PAINTED, N_PAINTED_COPIED, N_TRAINED = 60, 1_000, 100, 20, 10_000
SERIES = ((75, 25), (130, 20), (340, 60))  # other photos, and frames of one scene
BURSTS = ((10, 3), (20, 5))  # scenes, and frames of each
ALIGNED = ("cropped to 90%", "cropped to 80%", "turned by 3 degrees", "next frame")
PAINTED_COPIES = ("halved", "JPEG quality 40", "mirrored", "brightened")
WITHOUT_DETAILS = ("gradients", "plain backgrounds", "one part, with or without a scratch")  # most of their photos
MOVING = ("one part at many places", "coins", "bolts", "stripes", "cloth", "bricks")


MAKER = Path(__file__).parent / "photo_maker.py"


@dataclass(frozen=True)
class _Photo:
    path: Path
    digest: str
    data: bytes
    source: str
    kind: str


def main() -> None:
    """Search copies and look-alikes, and time the comparison."""
    data: Path = read_options(__doc__)
    threadpool_limits(1, "blas")  # as the program does
    generator = np.random.default_rng(0)
    setup = BackboneSetup(load_backbone(), 224)
    paths = sorted(data.rglob("*.jpg"))
    photos: list[_Photo] = []
    for n, at in enumerate(generator.permutation(len(paths))[: N_COPIED + N_OTHERS]):
        photos.append(_make(paths[at].read_bytes(), f"photo {at}", "original" if n < N_COPIED else "other"))
        if n < N_COPIED:
            photos += _make_copies(photos[-1], list(COPIES), generator)
    photos, thumbnails, features = _extract(photos, setup)
    found, n_false = _count(_compare(photos, thumbnails, features), photos)
    rows = [[f"{kind}, found", f"{found[kind] / N_COPIED:.0%}"] for kind in COPIES]
    rows.append([f"pairs of different photos, of {len(photos):,}", f"{n_false}"])
    shares = []
    for n_others, n_frames in SERIES:
        shares.append(_find_series(photos, n_others, n_frames, setup, generator))
        rows.append([f"{n_frames} frames of one scene among {n_others} photos, in one group", f"{shares[-1]:.0%}"])
    for n_scenes, n_frames in BURSTS:
        shares.append(_find_bursts(photos, n_scenes, n_frames, setup, generator))
        rows.append([f"{n_scenes} bursts of {n_frames} frames, frames in a group of their own", f"{shares[-1]:.0%}"])
    painted_rows, wrong, painted_shares = _search_painted(setup, generator)
    rows += painted_rows
    seconds = _train(data)
    what = f"near copies, of {seconds['total']:.0f} s of a training on {N_TRAINED:,} photos"
    rows.append([what, f"{seconds['near_copies']:.1f} s"])
    easy = min(found[kind] for kind in COPIES if kind not in ALIGNED) / N_COPIED
    claims = [
        Claim("least share found, of copies that are no crops, turns or frames", easy, 0.98),
        Claim("share of next frames found", found["next frame"] / N_COPIED, 0.9),
        Claim("share of crops to 90% found", found["cropped to 90%"] / N_COPIED, 0.9),
        Claim("share of turned photos found", found["turned by 3 degrees"] / N_COPIED, 0.9),
        Claim("least share of a series or of bursts in groups", min(shares), 0.95),
        Claim("false pairs, by 1,000 painted photos of one kind at a time", 1000 * wrong[0], 1, is_at_least=False),
        Claim("false pairs, by 1,000 painted photos of several kinds", 1000 * wrong[1], 5, is_at_least=False),
        Claim("mean share found of copies of painted photos with details", float(np.mean(painted_shares)), 0.98),
        Claim("near copies / whole training", seconds["near_copies"] / seconds["total"], 0.1, is_at_least=False),
    ]
    publish(__doc__, ["what", "value"], rows, claims)


def _make(data: bytes, source: str, kind: str) -> _Photo:
    return _Photo(Path(source), hashlib.sha256(data).hexdigest(), data, source, kind)


def _make_copies(photo: _Photo, kinds: Sequence[str], generator: Generator) -> list[_Photo]:
    with Image.open(io.BytesIO(photo.data)) as opened:
        image = opened.convert("RGB")
    return [_make(make_copy(image, kind, generator), photo.source, kind) for kind in kinds]


def _count(pairs: list[CopyPair], photos: list[_Photo]) -> tuple[Counter[str], int]:
    """Return how many copies of each kind are found, and the number of pairs of different photos."""
    by_digest = {photo.digest: photo for photo in photos}
    found: Counter[str] = Counter()
    n_false = 0
    for pair in pairs:
        one, other = by_digest[pair.first], by_digest[pair.second]
        if one.source != other.source:
            n_false += 1
        elif "original" in (one.kind, other.kind):
            found[other.kind if one.kind == "original" else one.kind] += 1
    return found, n_false


def _search_painted(
    setup: BackboneSetup, generator: Generator
) -> tuple[list[list[str]], tuple[float, float], list[float]]:
    """Return rows, false pairs per photo of one kind at a time and of several kinds, and the shares of copies found."""
    rows, shares, moving, n_wrong = [], [], [], 0
    kinds: dict[str, Paint] = {**LOOK_ALIKES, **FACTORY}
    for kind, paint in kinds.items():
        photos, copies = [], []
        for n in range(N_PAINTED):
            photos.append(_make(save_again(paint(generator), 90), f"{kind} {n}", "original"))
            if n < N_PAINTED_COPIED:
                copies += _make_copies(photos[-1], PAINTED_COPIES, generator)
        wrong = len(_compare(*_extract(photos, setup)))
        found, _ = _count(_compare(*_extract([*photos, *copies], setup)), [*photos, *copies])
        n_wrong += wrong
        share = found.total() / len(copies)
        rows.append([f"{N_PAINTED} painted: {kind}, pairs taken for copies", f"{wrong} (copies found: {share:.0%})"])
        shares += [] if kind in WITHOUT_DETAILS else [share]
        moving += photos if kind in MOVING else []
    several = len(_compare(*_extract(moving, setup)))
    rows.append([f"the {len(moving)} of {', '.join(MOVING)} in one set, pairs taken for copies", f"{several}"])
    return rows, (n_wrong / (N_PAINTED * len(kinds)), several / len(moving)), shares


def _make_frames(photo: _Photo, n_frames: int, generator: Generator) -> list[_Photo]:
    with Image.open(io.BytesIO(photo.data)) as opened:
        image = opened.convert("RGB")
    return [_make(save_again(take_next_frame(image, generator), 90), photo.source, "frame") for _ in range(n_frames)]


def _find_series(
    photos: list[_Photo], n_others: int, n_frames: int, setup: BackboneSetup, generator: Generator
) -> float:
    """Return the share of the frames of one scene that are found as one group."""
    *others, scene = [photo for photo in photos if photo.kind == "other"][: n_others + 1]
    frames = _make_frames(scene, n_frames, generator)
    names = group_near_copies(_compare(*_extract([*others, *frames], setup)), n_others + n_frames).names
    sizes = Counter(names[frame.digest] for frame in frames if frame.digest in names)
    return max(sizes.values(), default=0) / n_frames


def _find_bursts(
    photos: list[_Photo], n_scenes: int, n_frames: int, setup: BackboneSetup, generator: Generator
) -> float:
    """Return the share of the frames that are found as copies of another frame of their scene, and of no other."""
    scenes = [photo for photo in photos if photo.kind == "other"][:n_scenes]
    frames = [frame for scene in scenes for frame in _make_frames(scene, n_frames, generator)]
    sources = {frame.digest: frame.source for frame in frames}
    names = group_near_copies(_compare(*_extract(frames, setup)), len(frames)).names
    members: dict[str, set[str]] = {}
    for digest, name in names.items():
        members.setdefault(name, set()).add(sources[digest])
    return sum(len(members[name]) == 1 for name in names.values()) / len(frames)


def _train(data: Path) -> dict[str, float]:
    """Return the seconds of a training by step, for a folder in which most photos have near copies."""
    with tempfile.TemporaryDirectory() as folder:
        photos, run = Path(folder, "photos"), Path(folder, "run")
        run_process([sys.executable, MAKER, data, photos, N_TRAINED])
        options = ["--layout", "outer", "--method", "fixed", "--no-cache", "--out", run]
        run_process([find_command(), "train", photos, *options])
        seconds: dict[str, float] = json.loads((run / "metrics.json").read_text())["seconds"]
    return seconds


def _extract(photos: list[_Photo], setup: BackboneSetup) -> tuple[list[_Photo], np.ndarray, np.ndarray]:
    """Return the photos of different digests, sorted, and their thumbnails and features."""
    photos = sorted({photo.digest: photo for photo in photos}.values(), key=lambda photo: photo.digest)
    collector = ThumbnailCollector(setup, None)
    features = extract_features(
        photos, setup, watch=collector.add, read=lambda photo, size_px: decode_photo(photo.data, size_px)
    )
    by_digest = collector.collect(photos)
    return photos, np.stack([by_digest[photo.digest] for photo in photos]), features.matrix


def _compare(photos: list[_Photo], thumbnails: np.ndarray, features: np.ndarray) -> list[CopyPair]:
    return find_near_copies([photo.digest for photo in photos], find_details(thumbnails), features)


if __name__ == "__main__":
    main()
