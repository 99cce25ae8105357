"""The accuracy on cameras never seen, where the camera matters much: painted photos of 100 cameras.

Each camera has a colour cast and a contrast of its own, and 75% of its photos are of one class, which differs from
camera to camera. The classes themselves differ little. Features are extracted once. Then 6 or 15 of the cameras are the
set of a training, and all others are the cameras never seen, 400 times.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from harness import Claim, publish, use_empty_cache
from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.photo import SPLITS
from headstart.catalog.redrawing import redraw_splits
from headstart.catalog.scan import scan_photos
from headstart.methods.elsewhere import judge_elsewhere
from headstart.methods.feature_table import SplitFeatures
from headstart.methods.method_runner import MethodRunner
from headstart.methods.settings import Settings
from headstart.methods.table_head import fit_head_to_table
from headstart.methods.trained_method import TrainedMethod
from headstart.methods.training_context import TrainingContext

MODEL = 272  # tag of Exif
SIDE_PX = 64
N_CAMERAS, N_PHOTOS = 100, 16
COMMON = 0.75  # share of the photos of a camera that are of its commoner class
N_ROUNDS = 400


def paint_photo(label: int, camera: int, number: int) -> Image.Image:
    """Paint stripes, which are finer for one class; the camera gives them a slant, a contrast and a colour cast."""
    look, generator = np.random.default_rng([7, camera]), np.random.default_rng([camera, number, label])
    cast, contrast, slant = look.uniform(-60, 60, 3), look.uniform(0.3, 1), look.uniform(0, np.pi)
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    scale = (0.42, 0.52)[label] * np.exp(generator.normal(0, 0.2))
    pattern = np.sin(scale * (x * np.cos(slant) + y * np.sin(slant)) + generator.uniform(0, 6))
    pixels = 128 + cast + contrast * (55 * pattern[..., None] + generator.normal(0, 15, (SIDE_PX, SIDE_PX, 3)))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def write_photos(folder: Path, cameras: Sequence[int], n_photos: int = N_PHOTOS) -> Path:
    """Write photos into class folders. A camera takes 75% of its photos of one class; its name is in the Exif data."""
    for camera in cameras:
        exif = Image.Exif()
        exif[MODEL] = f"Camera {camera:02}"
        common = int(np.random.default_rng([9, camera]).integers(2))
        for number in range(n_photos):
            label = common if number < COMMON * n_photos else 1 - common
            path = folder / ("coarse", "fine")[label] / f"{camera:02}_{number:03}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            paint_photo(label, camera, number).save(path, quality=92, exif=exif)
    return folder


def train_on(whole: TrainedMethod, cameras: Sequence[str]) -> TrainedMethod:
    """Train on the photos of some cameras, in the splits that a scan of them would draw."""
    catalog = whole.table.catalog
    kept = redraw_splits(replace(catalog, photos=tuple(photo for photo in catalog.photos if photo.group in cameras)))
    every = join_splits(whole)
    places = {photo.digest: n for n, photo in enumerate(every.photos)}
    splits = {}
    for split in SPLITS:
        photos = tuple(sorted(kept.select(split), key=lambda photo: photo.digest))
        at = [places[photo.digest] for photo in photos]
        splits[split] = SplitFeatures(photos, every.X[at], every.y[at], every.X[at][None])
    table = replace(whole.table, catalog=kept, splits=splits)
    return replace(whole, table=table, fitted=fit_head_to_table(table, whole.settings))


def join_splits(trained: TrainedMethod) -> SplitFeatures:
    """Return the photos of all splits in one."""
    splits = trained.table.splits
    return splits["train"].join(splits["validation"]).join(splits["test"])


def measure_round(whole: TrainedMethod, cameras: Sequence[str]) -> dict[str, float]:
    """Return the figures of one training, and the accuracy on all other cameras of a head like those it judges."""
    trained = train_on(whole, cameras)
    record = judge_elsewhere(trained)
    every, mine = join_splits(whole), join_splits(trained)
    is_fresh = np.array([photo.group not in cameras for photo in every.photos])
    settings = Settings(method="fixed", strength=trained.fitted.strength)
    fitted = fit_head_to_table(replace(trained.table, splits={**trained.table.splits, "train": mine}), settings)
    fresh = float((fitted.head.probabilities(every.X[is_fresh]).argmax(1) == every.y[is_fresh]).mean())
    assert record is not None  # noqa: S101
    low, high = record["new"]["accuracy_ci95"]
    return {
        "same": record["same"]["accuracy"], "new": record["new"]["accuracy"], "fresh": fresh,
        "is_held": float(low <= fresh <= high), "width": high - low,
    }  # fmt: skip


def main() -> None:
    """Measure with 6 and with 15 cameras."""
    rows, claims = [], []
    with use_empty_cache(), tempfile.TemporaryDirectory() as folder:
        catalog = scan_photos(write_photos(Path(folder), range(N_CAMERAS)), group_from="camera")
        setup = BackboneSetup(load_backbone(), 224, "auto")
        whole = MethodRunner(catalog, TrainingContext(setup)).run_fixed(Settings(method="fixed"))
        names = sorted({str(photo.group) for photo in catalog.photos})
        for n_cameras in (6, 15):
            generator = np.random.default_rng(n_cameras)
            drawn = [list(generator.choice(names, n_cameras, replace=False)) for _ in range(N_ROUNDS)]
            rounds = [measure_round(whole, cameras) for cameras in drawn]
            mean = {name: float(np.mean([one[name] for one in rounds])) for name in rounds[0]}
            rows.append([f"{n_cameras}", *(f"{mean[name]:.1%}" for name in ("same", "new", "fresh", "is_held"))])
            rows[-1].append(f"{100 * mean['width']:.0f} points")
            claims.append(Claim(f"intervals that hold, {n_cameras} cameras", mean["is_held"], 0.93))
            error = abs(mean["new"] - mean["fresh"])
            claims.append(Claim(f"mean error of the figure, {n_cameras} cameras", error, 0.03, is_at_least=False))
            claims.append(Claim(f"known less new cameras, {n_cameras} cameras", mean["same"] - mean["new"], 0.03))
    publish(
        __doc__, ["cameras", "known camera", "new camera", "on all other cameras", "intervals that hold", "width"],
        rows, claims,
    )  # fmt: skip


if __name__ == "__main__":
    main()
