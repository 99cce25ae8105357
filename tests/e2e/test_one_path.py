"""A photo gives the same answer to the last digit in training, in prediction of many and of one, and as pixels."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import headstart as hs
from headstart.pixels.decode import decode_photo, read_photo


@pytest.fixture
def photos(make_folder):
    """JPEGs of several sizes, and among them every other format, a rotated, a grey and a transparent photo."""
    folder = make_folder(n=12)
    for number, path in enumerate(sorted(folder.rglob("*.jpg"))):
        image = Image.open(path).resize((150 + 37 * number, 400 - 11 * number))
        exif = Image.Exif()
        exif[0x0112] = 1 + number % 8
        kind = ("JPEG", "PNG", "WEBP", "JPEG", "TIFF", "BMP")[number % 6]
        mode = ("RGB", "RGBA", "RGB", "L", "CMYK", "RGB")[number % 6]
        image.convert(mode).save(path, kind, exif=exif) if kind != "BMP" else image.save(path, kind)
    return folder


@pytest.mark.slow
def test_training_prediction_and_pixels_answer_alike(photos, tmp_path):
    # one fit: the rows of validation photos are otherwise those of the head before it was fitted again
    run = hs.train(photos, out=tmp_path / "run", image_size=96, fit_on="train", verbose=False)
    with (run.folder / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    paths = [str(photos / row["path"]) for row in rows]
    in_training = [[row[f"probability of {label}"] for label in run.model.labels] for row in rows]

    many = run.model.predict_probabilities(paths)
    alone = np.concatenate([hs.load(run.folder).predict_probabilities([path]) for path in paths])
    pixels = run.model.predict_pixels(np.stack([read_photo(path, 96) for path in map(Path, paths)]))
    served = run.model.predict_pixels(np.stack([decode_photo(Path(path).read_bytes(), 96) for path in paths]))
    assert [[f"{value:.6f}" for value in row] for row in many] == in_training
    for answers in (alone, pixels, served):
        np.testing.assert_array_equal(answers, many)
