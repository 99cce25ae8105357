"""Near copies: which kinds of copies are found, which look-alikes are taken for copies, and what the search costs.

Copies of photos of cats and dogs are searched among 1,000 other photos, and long series of one scene among fewer;
painted look-alikes of each kind among themselves. The cost is that of comparing 10,000 photos, as a share of the time
that it takes to extract the features of as many photos.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from copy_maker import COPIES, LOOK_ALIKES, make_copy, save_again, take_next_frame
from harness import Claim, publish, read_options
from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.features.extraction import extract_features
from headstart.features.near_copies import CopyPair, find_near_copies
from headstart.features.near_copy_groups import group_near_copies
from headstart.features.thumbnail_spectra import find_details
from headstart.features.thumbnails import ThumbnailCollector
from headstart.pixels.decode import decode_photo

N_COPIED, N_OTHERS, N_PAINTED, N_COMPARED = 60, 1_000, 100, 10_000
SERIES = ((75, 25), (130, 20), (340, 60))  # other photos, and frames of one scene
ALIGNED = ("cropped to 90%", "cropped to 80%", "turned by 3 degrees", "next frame")


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
    generator = np.random.default_rng(0)
    setup = BackboneSetup(load_backbone(), 224)
    paths = sorted(data.rglob("*.jpg"))
    photos = []
    for n, at in enumerate(generator.permutation(len(paths))[: N_COPIED + N_OTHERS]):
        photos.append(_make(paths[at].read_bytes(), f"photo {at}", "original" if n < N_COPIED else "other"))
        if n < N_COPIED:
            with Image.open(paths[at]) as opened:
                image = opened.convert("RGB")
            photos += [_make(make_copy(image, kind, generator), f"photo {at}", kind) for kind in COPIES]
    started = time.process_time()
    thumbnails, features, pairs = _search(photos, setup)
    per_photo = (time.process_time() - started) / len(photos)
    by_digest = {photo.digest: photo for photo in photos}
    found: Counter[str] = Counter()
    n_false = 0
    for pair in pairs:
        one, other = by_digest[pair.first], by_digest[pair.second]
        if one.source != other.source:
            n_false += 1
        elif "original" in (one.kind, other.kind):
            found[other.kind if one.kind == "original" else one.kind] += 1
    rows = [[f"{kind}, found", f"{found[kind] / N_COPIED:.0%}"] for kind in COPIES]
    rows.append([f"pairs of different photos, of {len(photos):,}", f"{n_false}"])
    shares = []
    for n_others, n_frames in SERIES:
        shares.append(_find_series(photos, n_others, n_frames, setup, generator))
        rows.append([f"{n_frames} frames of one scene among {n_others} photos, in one group", f"{shares[-1]:.0%}"])
    n_painted = 0
    for kind, paint in LOOK_ALIKES.items():
        painted = [_make(save_again(paint(generator), 90), f"{n}", kind) for n in range(N_PAINTED)]
        wrong = len(_search(painted, setup)[2])
        n_painted += wrong
        rows.append([f"{N_PAINTED} painted: {kind}, pairs taken for copies", f"{wrong}"])
    shifts = range(1 + N_COMPARED // len(thumbnails))  # moved pictures, and features in another order: other photos
    many = np.concatenate([np.roll(thumbnails, shift, 1) for shift in shifts])[:N_COMPARED]
    scaled = (features - features.mean(0)) / np.maximum(features.std(0), 1e-6)
    numbers = np.concatenate([np.roll(scaled, 7 * shift, 1) for shift in shifts])[:N_COMPARED]
    started = time.process_time()
    find_near_copies([f"{n:06}" for n in range(N_COMPARED)], find_details(many), numbers)
    seconds = time.process_time() - started
    rows.append([f"{N_COMPARED:,} photos compared, processor seconds", f"{seconds:.1f}"])
    easy = min(found[kind] for kind in COPIES if kind not in ALIGNED) / N_COPIED
    claims = [
        Claim("least share found, of copies that are no crops, turns or frames", easy, 0.98),
        Claim("share of next frames found", found["next frame"] / N_COPIED, 0.9),
        Claim("share of crops to 90% found", found["cropped to 90%"] / N_COPIED, 0.9),
        Claim("share of turned photos found", found["turned by 3 degrees"] / N_COPIED, 0.9),
        Claim("least share of a series in one group", min(shares), 0.95),
        Claim("painted pairs taken for copies", n_painted, 5, is_at_least=False),
        Claim("comparing / extracting 10,000 photos", seconds / (per_photo * N_COMPARED), 0.1, is_at_least=False),
    ]
    publish(__doc__, ["what", "value"], rows, claims)


def _make(data: bytes, source: str, kind: str) -> _Photo:
    return _Photo(Path(source), hashlib.sha256(data).hexdigest(), data, source, kind)


def _find_series(
    photos: list[_Photo], n_others: int, n_frames: int, setup: BackboneSetup, generator: np.random.Generator
) -> float:
    """Return the share of the frames of one scene that are found as one group."""
    *others, scene = [photo for photo in photos if photo.kind == "other"][: n_others + 1]
    with Image.open(io.BytesIO(scene.data)) as opened:
        image = opened.convert("RGB")
    frames = [_make(save_again(take_next_frame(image, generator), 90), "", "frame") for _ in range(n_frames)]
    names = group_near_copies(_search([*others, *frames], setup)[2], n_others + n_frames).names
    sizes = Counter(names[frame.digest] for frame in frames if frame.digest in names)
    return max(sizes.values(), default=0) / n_frames


def _search(photos: list[_Photo], setup: BackboneSetup) -> tuple[np.ndarray, np.ndarray, list[CopyPair]]:
    """Return the thumbnails, the features and the near copies."""
    photos = sorted({photo.digest: photo for photo in photos}.values(), key=lambda photo: photo.digest)
    collector = ThumbnailCollector(setup, None)
    features = extract_features(
        photos, setup, watch=collector.add, read=lambda photo, size_px: decode_photo(photo.data, size_px)
    )
    by_digest = collector.collect(photos)
    thumbnails = np.stack([by_digest[photo.digest] for photo in photos])
    matrix = features.matrix
    return thumbnails, matrix, find_near_copies([photo.digest for photo in photos], find_details(thumbnails), matrix)


if __name__ == "__main__":
    main()
