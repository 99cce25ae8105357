"""A classifier as a stock Keras 3 model with the layers of the Keras tutorial."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from headstart.backbone.graph_file import read_vectors, take_apart
from headstart.backbone.pooled_stages import choose_pooled_stages
from headstart.backbone.view_averaging import MOVES
from headstart.classifier.file import ClassifierFile
from headstart.classifier.novelty_graph import NOVELTY
from headstart.classifier.rules import describe_rules
from headstart.errors import ExportError
from headstart.exports.licence_notice import write_notice
from headstart.exports.prediction import PROBABILITIES, Outputs, Pixels, PredictOne
from headstart.head.novelty import NoveltyTest
from headstart.process.packages import make_missing_extra

POOLING = "pooling"
DROPOUT = 0.2  # does nothing in prediction; further training has it where the tutorial has it
_PARTS = {"gamma": "scale", "beta": "offset", "moving_mean": "mean", "moving_variance": "variance", "kernel": "kernel"}


def write_keras(contents: ClassifierFile, path: Path, _: object = None) -> None:
    """Write a ``.keras`` file that takes uint8 or float pixels of any size, 0 to 255."""
    build_keras(contents, is_any_size=True).save(path)
    add_texts(path, contents)


@contextmanager
def open_keras(path: Path) -> Iterator[PredictOne]:
    """Open a ``.keras`` file with stock Keras."""
    tensorflow = import_tensorflow()
    model = tensorflow.keras.models.load_model(path)
    signature = [tensorflow.TensorSpec((1, None, None, 3), "uint8")]
    run = tensorflow.function(lambda pixels: model(pixels, training=False), input_signature=signature)

    def predict(_: Path, pixels: Pixels) -> Outputs:
        outputs = run(pixels[None])  # of a model with one output, an array alone
        named = outputs if isinstance(outputs, dict) else {PROBABILITIES: outputs}
        return Outputs.take({name: np.asarray(values) for name, values in named.items()})

    yield predict


def build_keras(contents: ClassifierFile, *, is_any_size: bool) -> Any:
    """Return the classifier as a Keras model: rescaling, MobileNetV2, pooling, dropout, dense.

    With ``is_any_size`` a first layer resizes photos; without it they must have the network's size. If the classifier
    can tell how strange a photo is, the model has two outputs, ``probabilities`` and ``novelty``, by their names.

    Raises
    ------
    ExportError
        If the network is not MobileNetV2, or is quantised.
    """
    check_network(contents)
    metadata, spec = contents.metadata, contents.metadata.spec
    keras = import_tensorflow().keras
    layers, side = keras.layers, metadata.image_size
    pixels = keras.Input((None, None, 3) if is_any_size else (side, side, 3), name="pixels")
    x = layers.Resizing(side, side, interpolation="bicubic", antialias=True)(pixels) if is_any_size else pixels
    low, high = spec.value_range
    x = layers.Rescaling((high - low) / 255, offset=low)(x)
    network = keras.applications.MobileNetV2(input_shape=(side, side, 3), include_top=False, weights=None)
    trunk = take_apart(contents.data).trunk
    _load_weights(network, trunk)
    stages = [spec.stages[-1]] if len(contents.weights) == spec.stages[-1].n_channels else choose_pooled_stages(spec)
    outputs = [network.get_layer(stage.tensor).output for stage in stages]
    if len(outputs) > 1:
        network = keras.Model(network.input, outputs, name=network.name)
    views = [network(_render_view(keras, x, *move)) for move in MOVES[: metadata.n_averaged]]
    pooled = [_pool(layers, view, i) for i, view in enumerate(views)]
    x = _average(layers, [layers.Concatenate()(means) if len(means) > 1 else means[0] for means in pooled])
    head = layers.Dense(len(metadata.labels), activation="softmax", name=PROBABILITIES)
    ends = probabilities = head(layers.Dropout(DROPOUT)(x))
    if contents.novelty is not None:
        last = x if len(stages) == 1 else _average(layers, [means[-1] for means in pooled])
        ends = {PROBABILITIES: probabilities, NOVELTY: _build_novelty(keras, contents.novelty)(last)}
    model = keras.Model(pixels, ends, name="headstart")
    head.set_weights([contents.weights, contents.bias])
    return model


def check_network(contents: ClassifierFile) -> None:
    """Raise ExportError if a classifier's network is not MobileNetV2 alone, or is quantised."""
    metadata, name = contents.metadata, contents.metadata.spec.name
    if metadata.is_quantised:
        raise ExportError("Cannot export to Keras: got an int8 classifier. Train without --precision int8.")
    if name != "mobilenet_v2":
        raise ExportError(f"Cannot export to Keras: got {name}, need mobilenet_v2. Export to onnx instead.")


def _render_view(keras: Any, pixels: Any, is_exchanged: bool, axes: Iterable[int]) -> Any:
    if is_exchanged:
        pixels = keras.ops.transpose(pixels, (0, 2, 1, 3))
    for axis in axes:
        pixels = keras.ops.flip(pixels, axis)
    return pixels


def _pool(layers: Any, outputs: Any, number: int) -> list[Any]:
    outputs = outputs if isinstance(outputs, list) else [outputs]
    names = [POOLING if number == stage == 0 else f"{POOLING}_{number}_{stage}" for stage in range(len(outputs))]
    return [layers.GlobalAveragePooling2D(name=name)(one) for name, one in zip(names, outputs, strict=True)]


def _average(layers: Any, parts: list[Any]) -> Any:
    return layers.Average()(parts) if len(parts) > 1 else parts[0]


def _build_novelty(keras: Any, test: NoveltyTest) -> Any:
    """Return a model from the features of the last stage to the novelty, that further training does not change."""
    layers = keras.layers
    features = keras.Input((len(test.mean),), name="features")
    standardise = layers.Normalization(mean=test.mean.tolist(), variance=(test.scale.astype(float) ** 2).tolist())
    row = standardise(layers.UnitNormalization()(features))
    project = layers.Dense(test.components.shape[1], use_bias=False, name="components")
    score = layers.Subtract()([layers.Dot(1)([part, part]) for part in (row, project(row))])
    # the share falls by straight lines, each a product that is cut off at 0 and 1
    lines, share = layers.Dense(len(test.starts), name="lines"), layers.Dense(1, name="share")
    model = keras.Model(features, share(layers.ReLU(max_value=1.0)(lines(score))), name=NOVELTY)
    project.set_weights([test.components])
    lines.set_weights([test.slopes[None], -test.starts * test.slopes])
    share.set_weights([-test.falls[:, None], np.array([test.most], np.float32)])
    model.trainable = False
    return model


def _load_weights(network: Any, trunk: bytes) -> None:
    """Load the weights by layer names, which are the same in both. Kernels need their axes reordered."""
    for layer in network.layers:
        names = [f"{layer.name}/{_PARTS[weight.name]}" for weight in layer.weights]
        loaded = read_vectors(trunk, names)
        if len(loaded) < len(names):
            raise ExportError(f"Cannot export to Keras: got no layer {layer.name!r} in the classifier.")
        values = []
        for weight, name in zip(layer.weights, names, strict=True):
            value, shape = loaded[name], tuple(weight.shape)
            if len(shape) == 4:  # Keras has (height, width, in, out), or depthwise (height, width, channels, 1)
                height, width, n_in, n_out = shape
                is_depthwise = n_out == 1
                shaped = value.reshape(*((n_in, 1) if is_depthwise else (n_out, n_in)), height, width)
                value = shaped.transpose((2, 3, 0, 1) if is_depthwise else (2, 3, 1, 0))
            values.append(value.reshape(shape))
        layer.set_weights(values)


def add_texts(path: Path, contents: ClassifierFile) -> None:
    """Add ``labels.txt``, ``NOTICE.txt`` and the rules that the classifier has, as of `describe_rules`, in JSON.

    A .keras file is a zip, and a .tflite file may end with one.
    """
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(
            "NOTICE.txt", write_notice(take_apart(contents.data).entries)
        )  # uncompressed, to be searchable
        archive.writestr("labels.txt", "".join(f"{label}\n" for label in contents.metadata.labels))
        for name, text in describe_rules(contents.metadata).items():
            archive.writestr(f"{name}.json", text)


def import_tensorflow() -> Any:
    """Import TensorFlow, or raise MissingExtraError."""
    try:
        import tensorflow
    except ImportError:
        hint = "best into an environment of its own"
        raise make_missing_extra("export to Keras or LiteRT", "keras", "tensorflow", hint=hint) from None
    return tensorflow
