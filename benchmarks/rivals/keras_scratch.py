"""MobileNetV2 from random weights in Keras, by the plain recipe of tutorials: the contrast to transfer learning.

``keras_scratch.py CATALOG [--image-size 224] [--epochs 10]``: a CSV with columns path, label and split (train, test).
The layers are those of the transfer-learning tutorial, with one output for each class and nothing frozen; Adam at
Keras' default rate, batches of 32. One JSON object is printed on stdout: the test accuracy, and that of the last
epoch's batches in training, where batch norms go by each batch and not by their running means.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import sys
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras_tutorial import BATCH_SIZE, SEED


def read_photos(catalog: Path, split: str, size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (N, S, S, 3) uint8 pixels and (N,) class numbers."""
    with catalog.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    labels = sorted({row["label"] for row in rows})
    rows = [row for row in rows if row["split"] == split]
    photos = (tf.io.decode_image(tf.io.read_file(row["path"]), channels=3, expand_animations=False) for row in rows)
    pixels = [tf.image.resize(photo, (size_px, size_px)).numpy() for photo in photos]
    return np.array(pixels, np.uint8), np.array([labels.index(row["label"]) for row in rows])


def build_model(size_px: int, n_classes: int) -> keras.Model:
    """Return the compiled model."""
    inputs = keras.Input((size_px, size_px, 3))
    x = keras.layers.RandomFlip("horizontal")(inputs)
    x = keras.layers.RandomRotation(0.2)(x)
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(x)
    x = keras.applications.MobileNetV2(input_shape=(size_px, size_px, 3), include_top=False, weights=None)(x)
    x = keras.layers.Dropout(0.2)(keras.layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, keras.layers.Dense(n_classes)(x))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(), loss=loss, metrics=["accuracy"])
    return model


def main() -> None:
    """Train and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("catalog", type=Path)
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--epochs", type=int, default=10)
    told = parser.parse_args()
    keras.utils.set_random_seed(SEED)
    with contextlib.redirect_stdout(sys.stderr):
        began = time.perf_counter()
        pixels, y = read_photos(told.catalog, "train", told.image_size)
        data = tf.data.Dataset.from_tensor_slices((pixels, y)).shuffle(len(y)).batch(BATCH_SIZE).prefetch(2)
        model = build_model(told.image_size, int(y.max()) + 1)
        history = model.fit(data, epochs=told.epochs, verbose=2).history
        test_pixels, test_y = read_photos(told.catalog, "test", told.image_size)
        accuracy = float((model.predict(test_pixels, verbose=0).argmax(1) == test_y).mean())
    print(
        json.dumps({
            "accuracy": accuracy, "n": len(test_y), "training_accuracy": history["accuracy"][-1],
            "seconds": time.perf_counter() - began,
        })
    )  # fmt: skip


if __name__ == "__main__":
    main()
