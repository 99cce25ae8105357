"""A classifier as a stock Keras 3 model with the layers of the Keras tutorial, and that model as LiteRT (.tflite)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.graph_file import read_vectors, take_apart
from headstart.backbone.pooled_stages import choose_pooled_stages
from headstart.backbone.view_averaging import MOVES
from headstart.classifier.build import BIAS, WEIGHTS
from headstart.classifier.metadata import Metadata
from headstart.errors import ExportError
from headstart.exports.licence_notice import write_notice
from headstart.exports.prediction import Pixels, PredictOne
from headstart.pixels.resizing import resize_pixels
from headstart.process.packages import make_missing_extra

DROPOUT = 0.2  # does nothing in prediction; further training has it where the tutorial has it
_PARTS = {"gamma": "scale", "beta": "offset", "moving_mean": "mean", "moving_variance": "variance", "kernel": "kernel"}


def write_keras(data: bytes, metadata: Metadata, path: Path, _: object = None) -> None:
    """Write a ``.keras`` file that takes uint8 or float pixels of any size, 0 to 255."""
    build_keras(data, metadata, is_any_size=True).save(path)
    _add_texts(path, data, metadata)


def write_litert(data: bytes, metadata: Metadata, path: Path, pixels: Pixels | None = None) -> None:
    """Write a ``.tflite`` file that takes (1, S, S, 3) float32 pixels, 0 to 255.

    Parameters
    ----------
    pixels
        (N, S, S, 3) uint8 pixels to quantise on. Default: the model is not quantised.
    """
    model = build_keras(data, metadata, is_any_size=False)
    tensorflow = _import_tensorflow()
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
    if pixels is not None:
        converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([photo[None].astype(np.float32)] for photo in pixels)
    with redirect_stdout(io.StringIO()):  # the converter prints each variable of the network
        converted = converter.convert()
    path.write_bytes(converted)
    _add_texts(path, data, metadata)


@contextmanager
def open_keras(path: Path) -> Iterator[PredictOne]:
    """Open a ``.keras`` file with stock Keras."""
    tensorflow = _import_tensorflow()
    model = tensorflow.keras.models.load_model(path)
    signature = [tensorflow.TensorSpec((1, None, None, 3), "uint8")]
    run = tensorflow.function(lambda pixels: model(pixels, training=False), input_signature=signature)

    def predict(_: Path, pixels: Pixels) -> npt.NDArray[np.float32]:
        return np.asarray(run(pixels[None])[0])

    yield predict


@contextmanager
def open_litert(path: Path) -> Iterator[PredictOne]:
    """Open a ``.tflite`` file. It takes photos of one size, so they are resized here by our rule."""
    interpreter = _import_tensorflow().lite.Interpreter(str(path))
    interpreter.allocate_tensors()
    entry, end = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    side = int(entry["shape"][1])

    def predict(_: Path, pixels: Pixels) -> npt.NDArray[np.float32]:
        interpreter.set_tensor(entry["index"], resize_pixels(pixels, side, side)[None].astype(entry["dtype"]))
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(end["index"])[0], np.float32)

    yield predict


def build_keras(data: bytes, metadata: Metadata, *, is_any_size: bool) -> Any:
    """Return the classifier as a Keras model: rescaling, MobileNetV2, pooling, dropout, dense.

    With ``is_any_size`` a first layer resizes photos; without it they must have the network's size.

    Raises
    ------
    ExportError
        If the network is not MobileNetV2, or is quantised.
    """
    spec = metadata.spec
    if metadata.is_quantised:
        raise ExportError("Cannot export to Keras: got an int8 classifier. Train without --precision int8.")
    if spec.name != "mobilenet_v2":
        raise ExportError(f"Cannot export to Keras: got {spec.name}, need mobilenet_v2. Export to onnx instead.")
    keras = _import_tensorflow().keras
    layers, side = keras.layers, metadata.image_size
    pixels = keras.Input((None, None, 3) if is_any_size else (side, side, 3), name="pixels")
    x = layers.Resizing(side, side, interpolation="bicubic", antialias=True)(pixels) if is_any_size else pixels
    low, high = spec.value_range
    x = layers.Rescaling((high - low) / 255, offset=low)(x)
    network = keras.applications.MobileNetV2(input_shape=(side, side, 3), include_top=False, weights=None)
    trunk = take_apart(data).trunk
    _load_weights(network, trunk)
    n_features = read_vectors(trunk, [WEIGHTS])[WEIGHTS].size // len(metadata.labels)
    stages = [spec.stages[-1]] if n_features == spec.stages[-1].n_channels else choose_pooled_stages(spec)
    outputs = [network.get_layer(stage.tensor).output for stage in stages]
    if len(outputs) > 1:
        network = keras.Model(network.input, outputs, name=network.name)
    views = [_render_view(keras, x, *move) for move in MOVES[: metadata.n_averaged]]
    means = [_pool(layers, network(view), is_first=i == 0) for i, view in enumerate(views)]
    x = layers.Average()(means) if len(means) > 1 else means[0]
    x = layers.Dropout(DROPOUT)(x)
    head = layers.Dense(len(metadata.labels), activation="softmax", name="probabilities")
    model = keras.Model(pixels, head(x), name="headstart")
    loaded = read_vectors(trunk, [WEIGHTS, BIAS])
    head.set_weights([loaded[WEIGHTS].reshape(n_features, -1), loaded[BIAS]])
    return model


def _render_view(keras: Any, pixels: Any, is_exchanged: bool, axes: Iterable[int]) -> Any:
    if is_exchanged:
        pixels = keras.ops.transpose(pixels, (0, 2, 1, 3))
    for axis in axes:
        pixels = keras.ops.flip(pixels, axis)
    return pixels


def _pool(layers: Any, outputs: Any, *, is_first: bool) -> Any:
    outputs = outputs if isinstance(outputs, list) else [outputs]
    name = "pooling" if is_first and len(outputs) == 1 else None
    means = [layers.GlobalAveragePooling2D(name=name)(output) for output in outputs]
    return layers.Concatenate()(means) if len(means) > 1 else means[0]


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


def _add_texts(path: Path, data: bytes, metadata: Metadata) -> None:
    """Add ``labels.txt``, ``NOTICE.txt`` and ``decision.json``, if the classifier has a decision.

    A .keras file is a zip, and a .tflite file may end with one.
    """
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("NOTICE.txt", write_notice(take_apart(data).entries))  # uncompressed, to be searchable
        archive.writestr("labels.txt", "".join(f"{label}\n" for label in metadata.labels))
        if metadata.decision is not None:
            archive.writestr("decision.json", metadata.decision.to_json())


def _import_tensorflow() -> Any:
    try:
        import tensorflow
    except ImportError:
        hint = "best into an environment of its own"
        raise make_missing_extra("export to Keras or LiteRT", "keras", "tensorflow", hint=hint) from None
    return tensorflow
