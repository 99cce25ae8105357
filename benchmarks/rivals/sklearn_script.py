"""Rival: the script that a good engineer writes today, with Pillow, ONNX Runtime and scikit-learn.

Photos are decoded by Pillow in a few threads, one batch ahead of ONNX Runtime, which computes the features of the
frozen MobileNetV2 embedded in Headstart; scikit-learn standardises them and fits a logistic regression whose strength
is chosen by 5-fold cross-validation. Nothing is cached, and nothing is checked.

    python benchmarks/rivals/sklearn_script.py DATA [--image-size 224]

DATA holds training_set/ and test_set/, with one folder per class in each. One JSON object is printed on stdout. Its
"decode_and_infer" covers the photos of both folders, so that "evaluate" is prediction from features alone.
"""

# ruff: noqa: E402  (the clock starts before the slow imports, to measure them)
from __future__ import annotations

import time

STARTED = time.perf_counter()

import argparse
import json
import os
import platform
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import PIL
import sklearn
from PIL import Image, ImageOps
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

IMPORTED = time.perf_counter()

WEIGHTS = Path(__file__).parents[2] / "src/headstart/backbone/weights/mobilenet_v2.onnx"
SUFFIXES = {".jpg", ".jpeg", ".png"}
BATCH_SIZE = 32


def find_photos(folder: Path) -> list[Path]:
    """Return the photos in the class folders of ``folder``, sorted."""
    return sorted(path for path in folder.glob("*/*") if path.suffix.lower() in SUFFIXES)


def list_labels(paths: list[Path]) -> list[str]:
    """Return the names of the folders that the photos lie in."""
    return [path.parent.name for path in paths]


def read_photo(path: Path, image_size: int) -> np.ndarray:
    """Return the upright photo as (image_size, image_size, 3) uint8 RGB."""
    with Image.open(path) as photo:
        upright = ImageOps.exif_transpose(photo).convert("RGB")
    return np.asarray(upright.resize((image_size, image_size), Image.Resampling.BILINEAR))


def compute_features(session: onnxruntime.InferenceSession, paths: list[Path], image_size: int) -> np.ndarray:
    """Return the features (N, 1280) of N photos; the next batch is decoded while one is inferred."""
    batches = [paths[start : start + BATCH_SIZE] for start in range(0, len(paths), BATCH_SIZE)]
    features = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:

        def decode(batch: list[Path]) -> list[Future[np.ndarray]]:
            return [pool.submit(read_photo, path, image_size) for path in batch]

        coming = decode(batches[0])
        for following in [*batches[1:], []]:
            current, coming = coming, decode(following)
            pixels = np.stack([photo.result() for photo in current])
            features.append(session.run(["features"], {"pixels": pixels})[0])
    return np.concatenate(features)


def main() -> None:
    """Train on one folder, test on the other, and print what it took and gave as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA", help="folder with training_set/ and test_set/")
    parser.add_argument("--image-size", type=int, default=224, help="side of the square photos in pixels")
    options = parser.parse_args()

    session = onnxruntime.InferenceSession(WEIGHTS, providers=["CPUExecutionProvider"])
    training, test = find_photos(options.data / "training_set"), find_photos(options.data / "test_set")
    X_training = compute_features(session, training, options.image_size)
    X_test = compute_features(session, test, options.image_size)
    extracted = time.perf_counter()

    # the last three arguments are today's defaults, spelled out because scikit-learn warns that they will change
    regression = LogisticRegressionCV(
        Cs=10, cv=5, max_iter=1000, n_jobs=-1, l1_ratios=(0,), scoring="accuracy", use_legacy_attributes=False
    )
    classifier = make_pipeline(StandardScaler(), regression)
    classifier.fit(X_training, list_labels(training))
    fitted = time.perf_counter()

    test_accuracy = classifier.score(X_test, list_labels(test))
    finished = time.perf_counter()

    print("chosen strength C:", classifier[-1].C_, file=sys.stderr)
    result = {
        "name": "scikit-learn script",
        "image_size": options.image_size,
        "seconds_after_imports": round(finished - IMPORTED, 3),
        "seconds_imports": round(IMPORTED - STARTED, 3),
        "seconds_total": round(finished - STARTED, 3),
        "seconds": {
            "decode_and_infer": round(extracted - IMPORTED, 3),
            "fit": round(fitted - extracted, 3),
            "evaluate": round(finished - fitted, 3),
        },
        "test_accuracy": round(test_accuracy, 4),
        "versions": {
            "python": platform.python_version(),
            **{package.__name__: package.__version__ for package in (np, onnxruntime, PIL, sklearn)},
        },
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
