"""Rival: the recipe of the TensorFlow tutorial "Transfer learning and fine-tuning", its feature-extraction part.

Every epoch decodes the photos again, augments them and runs the frozen MobileNetV2 on them; a dense layer is trained
on top. Input pipeline, split, augmentation, layers, optimiser and epochs are the tutorial's: all of training_set/ is
trained on, four fifths of test_set/ are the validation photos of each epoch, one fifth is the test. Three things are
not:

- the weights are those embedded in Headstart, so that both sides see the same features;
- when the clock has stopped, all of test_set/ is judged, so that the accuracy is of the same photos as Headstart's;
- accuracy counts a logit above 0 as the second class: the word "accuracy" would make Keras compare logits with 0.5.

    .venv-keras/bin/python benchmarks/rivals/keras_tutorial.py DATA [--image-size 160] [--epochs 10]

DATA holds training_set/ and test_set/, with one folder per class in each, two classes. One JSON object is printed on
stdout, everything else on stderr. The environment is described in requirements-keras.txt.
"""

# ruff: noqa: E402  (the clock starts before the slow imports, to measure them)
from __future__ import annotations

import time

STARTED = time.perf_counter()

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import argparse
import contextlib
import json
import platform
import sys
from pathlib import Path

import keras
import numpy as np
import onnx
import tensorflow as tf

IMPORTED = time.perf_counter()

WEIGHTS = Path(__file__).parents[2] / "src/headstart/backbone/weights/mobilenet_v2.onnx"
BATCH_SIZE = 32
LEARNING_RATE = 1e-4
SEED = 0


def load_photos(data: Path, image_size: int) -> tuple[tf.data.Dataset, tf.data.Dataset, tf.data.Dataset]:
    """Return training, validation and test photos in batches; the last two share out the folder test_set/."""
    shared = {"label_mode": "binary", "image_size": (image_size, image_size), "batch_size": BATCH_SIZE}
    training = keras.utils.image_dataset_from_directory(data / "training_set", shuffle=True, seed=SEED, **shared)
    validation = keras.utils.image_dataset_from_directory(data / "test_set", shuffle=True, seed=SEED, **shared)
    n_test = int(validation.cardinality()) // 5
    datasets = (training, validation.skip(n_test), validation.take(n_test))
    return tuple(dataset.prefetch(tf.data.AUTOTUNE) for dataset in datasets)


def load_backbone(weights: Path, image_size: int) -> keras.Model:
    """Return the frozen MobileNetV2 with the weights of an ONNX file whose layers carry the Keras names."""
    backbone = keras.applications.MobileNetV2(input_shape=(image_size, image_size, 3), include_top=False, weights=None)
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(weights).graph.initializer}
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            parts = ("scale", "offset", "mean", "variance")
            layer.set_weights([values[f"{layer.name}/{part}"] for part in parts])
        elif isinstance(layer, keras.layers.DepthwiseConv2D):  # channels, 1, height, width in ONNX
            layer.set_weights([values[f"{layer.name}/kernel"].transpose(2, 3, 0, 1)])
        elif isinstance(layer, keras.layers.Conv2D):  # out, in, height, width in ONNX
            layer.set_weights([values[f"{layer.name}/kernel"].transpose(2, 3, 1, 0)])
    backbone.trainable = False
    return backbone


def build_model(backbone: keras.Model) -> keras.Model:
    """Return the tutorial's compiled model: augmentation, rescaling, backbone, pooling, dropout, one logit."""
    inputs = keras.Input(backbone.input_shape[1:])
    x = keras.layers.RandomFlip("horizontal")(inputs)
    x = keras.layers.RandomRotation(0.2)(x)
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(x)
    x = backbone(x, training=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.2)(x)
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(threshold=0, name="accuracy")],
    )
    return model


def run_tutorial(data: Path, image_size: int, epochs: int, weights: Path) -> tuple[keras.Model, float]:
    """Train and evaluate as the tutorial does; return the model and the accuracy on the validation photos."""
    keras.utils.set_random_seed(SEED)
    training, validation, test = load_photos(data, image_size)
    model = build_model(load_backbone(weights, image_size))
    model.evaluate(validation, verbose=2)  # the tutorial looks at the accuracy before training, too
    history = model.fit(training, epochs=epochs, validation_data=validation, verbose=2)
    model.evaluate(test, verbose=2)
    return model, history.history["val_accuracy"][-1]


def judge(model: keras.Model, data: Path, image_size: int) -> float:
    """Return the accuracy on all photos of test_set/."""
    photos = keras.utils.image_dataset_from_directory(
        data / "test_set",
        label_mode="binary",
        image_size=(image_size, image_size),
        batch_size=BATCH_SIZE,
        shuffle=False,
    )
    return model.evaluate(photos, verbose=2)[1]


def main() -> None:
    """Run the tutorial and print what it took and gave as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA", help="folder with training_set/ and test_set/")
    parser.add_argument("--image-size", type=int, default=160, help="side of the square photos in pixels")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="ONNX file with the weights of MobileNetV2")
    options = parser.parse_args()

    with contextlib.redirect_stdout(sys.stderr):  # Keras talks on stdout
        model, validation_accuracy = run_tutorial(options.data, options.image_size, options.epochs, options.weights)
        finished = time.perf_counter()
        test_accuracy = judge(model, options.data, options.image_size)

    versions = {"python": platform.python_version()}
    versions |= {package.__name__: package.__version__ for package in (keras, np, onnx, tf)}
    result = {
        "name": "Keras tutorial",
        "image_size": options.image_size,
        "epochs": options.epochs,
        "seconds_after_imports": round(finished - IMPORTED, 3),
        "seconds_imports": round(IMPORTED - STARTED, 3),
        "test_accuracy": round(test_accuracy, 4),
        "validation_accuracy": round(validation_accuracy, 4),
        "versions": versions,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
