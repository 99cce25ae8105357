"""Read the classifier file: one .onnx file, checked before it is used, and no pickle."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from headstart.backbone import view_averaging
from headstart.backbone.graph_file import take_one_photo
from headstart.classifier.build import BIAS, RECORD_KEY, WEIGHTS
from headstart.classifier.layer_sizes import check_layer_sizes
from headstart.classifier.metadata import Metadata
from headstart.classifier.novelty_graph import NOVELTY, assemble_novelty, find_novelty_problems, has_novelty
from headstart.classifier.novelty_graph import WEIGHTS as NOVELTY_WEIGHTS
from headstart.classifier.seal import check_seal
from headstart.engine.cutting import has_layer, take_below
from headstart.engine.graph_check import GraphContents, check_graph
from headstart.engine.openvino_import import get_core
from headstart.errors import BackboneError, ClassifierError
from headstart.head.novelty import NoveltyTest
from headstart.storage.local_files import read_regular
from headstart.storage.result_cache import fetch_result, keep_result, name_result
from headstart.version import __version__

if TYPE_CHECKING:
    import openvino

MAX_BYTES = 2**31  # protobuf's own limit
Floats = npt.NDArray[np.float32]
Parts = tuple[str, list[Floats]]  # metadata as JSON; weights and bias of the head, and the weights of the novelty test


@dataclass(frozen=True)
class ClassifierFile:
    """The checked contents of a classifier file.

    Attributes
    ----------
    data
        Bytes of the file.
    digest
        SHA-256 in hex of the bytes that the seal covers.
    metadata
        What the classifier is and how it was trained.
    weights, bias
        Weights (D, C) and bias (C,) of the linear head, float32.
    novelty
        Test of how strange a photo is, or None.
    """

    data: bytes
    digest: str
    metadata: Metadata
    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    novelty: NoveltyTest | None = None


def read_classifier(path: Path) -> ClassifierFile:
    """Read a classifier file, or the ``model.onnx`` of a run folder, as `load_classifier` does."""
    if path.is_dir():
        path = path / "model.onnx"
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ClassifierError("it is larger than 2 GiB, more than any classifier that headstart writes")
        return parse_classifier(read_regular(path))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ClassifierError(
            f"Cannot load classifier '{path}': {reason}. Give a model.onnx, or the run folder that holds it.", path=path
        ) from None
    except ClassifierError as error:
        raise ClassifierError(f"Cannot load classifier '{path}': {error}.", path=path) from None


def parse_classifier(data: bytes) -> ClassifierFile:
    """Check and parse the bytes of a classifier file.

    A ClassifierError has the reason alone as its message; `read_classifier` adds the path. Parts that passed all checks
    are cached, so that 9 MB of graph are parsed only once.
    """
    digest = check_seal(data)
    parts = _recall_parts(digest)
    if parts is not None:
        return _assemble(data, digest, parts)
    try:
        graph = check_graph(data)  # before the engine reads a byte of it
        parts = _find_parts(graph)
        contents = _assemble(data, digest, parts)
        network = _read_network(contents)
        _check_parts(contents, network)
        check_layer_sizes(network)
    except BackboneError as error:
        raise ClassifierError(str(error)) from None
    _remember_parts(digest, parts)
    return contents


def _assemble(data: bytes, digest: str, parts: Parts) -> ClassifierFile:
    text, (weights, bias, *rest) = parts
    metadata, novelty = Metadata.from_json(text), None
    if (metadata.n_novelty_photos is None) != (not rest):
        raise ClassifierError("its metadata and its graph differ in whether it tells how strange a photo is")
    if metadata.n_novelty_photos is not None:
        try:
            novelty = assemble_novelty(rest, metadata.n_novelty_photos)
        except ValueError as error:
            raise ClassifierError(f"its parts do not fit together: {error}") from None
    return ClassifierFile(data, digest, metadata, weights, bias, novelty)


def _recall_parts(digest: str) -> Parts | None:
    """Return the parts of a file, or None if they are not cached.

    The digest is the SHA-256 in hex that the seal records. The caller has compared it with the bytes.
    """
    kept = fetch_result(_name_parts(digest))
    if kept is None:
        return None
    header, _, numbers = kept.partition(b"\n")
    record, shapes = json.loads(header)
    values = np.frombuffer(numbers, "<f4")
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    arrays = [part.reshape(shape) for part, shape in zip(np.split(values, ends[:-1]), shapes, strict=True)]
    return record, arrays


def _remember_parts(digest: str, parts: Parts) -> None:
    """Cache the parts of a file that passed all checks."""
    record, arrays = parts
    header = json.dumps([record, [array.shape for array in arrays]])
    keep_result(_name_parts(digest), b"\n".join([header.encode(), b"".join(a.astype("<f4").tobytes() for a in arrays)]))


def _name_parts(digest: str) -> str:
    return name_result("classifier-4", digest, __version__)  # stricter checks need another name


def _find_parts(graph: GraphContents) -> Parts:
    if RECORD_KEY not in graph.entries:
        raise ClassifierError("it has no record of what it is")
    names = [WEIGHTS, BIAS]
    if has_novelty(graph.weights):
        names += NOVELTY_WEIGHTS
    return graph.entries[RECORD_KEY], [graph.read_floats(name) for name in names]


def _read_network(contents: ClassifierFile) -> openvino.Model:
    try:
        return get_core().read_model(take_one_photo(contents.data, contents.metadata.image_size))
    except (RuntimeError, UnicodeDecodeError) as error:  # the engine's own text may hold bytes that are no text
        reason = ascii(str(error).partition("\n")[0])  # it may hold names from the file
        raise ClassifierError(f"its graph cannot be read ({reason})") from None


def _check_parts(contents: ClassifierFile, network: openvino.Model) -> None:
    metadata = contents.metadata
    n_features, n_labels, side = metadata.spec.n_features, len(metadata.labels), metadata.image_size
    inputs = [f"{end.get_element_type().to_string()} {end.get_partial_shape().to_string()}" for end in network.inputs]
    problems = []
    if contents.weights.shape != (n_features, n_labels) or contents.bias.shape != (n_labels,):
        problems.append(f"a head of shape {contents.weights.shape} for {n_features} features and {n_labels} labels")
    if not (np.isfinite(contents.weights).all() and np.isfinite(contents.bias).all()):
        problems.append("a head with NaN or infinity")
    if len(inputs) != 1 or not re.fullmatch(rf"u8 \[1,{side},{side},3\]", inputs[0]):
        problems.append(f"an input of shape {', '.join(inputs)} for an image size of {side}")
    if metadata.is_quantised != any(op.get_type_name() == "FakeQuantize" for op in network.get_ops()):
        problems.append(f"a precision of {metadata.precision} for a network that was made for another")
    n_views = _count_views(network)
    if n_views != metadata.n_averaged:
        problems.append(f"an average over {metadata.n_averaged} views for a network that makes {n_views}")
    if n_views > 1 and not has_layer(network, view_averaging.FEATURES):
        problems.append(f"no layer {view_averaging.FEATURES!r} for its average")
    if not has_layer(network, "features"):
        problems.append("no layer 'features' for its head")
    else:
        shape = take_below(network, "features").output(0).get_partial_shape().to_string()
        if not re.fullmatch(rf"\[[^,]*,{n_features}\]", shape):
            problems.append(f"features of shape {shape} for a head of {n_features}")
    problems += _find_novelty_problems(contents, network)
    if problems:
        raise ClassifierError(f"its parts do not fit together: {'; '.join(problems)}")


def _find_novelty_problems(contents: ClassifierFile, network: openvino.Model) -> list[str]:
    is_there = any(NOVELTY in end.get_names() for end in network.outputs)
    if contents.novelty is None:
        return ["an output for a novelty test that it does not have"] if is_there else []
    problems = find_novelty_problems(contents.novelty, contents.metadata.spec.n_features)
    return problems if is_there else [*problems, "a novelty test without its output"]


def _count_views(network: openvino.Model) -> int:
    """Return the number of views that a network makes of a photo. 1: the photo as it is."""
    for op in network.get_ops():
        if any(view_averaging.PIXELS in output.get_names() for output in op.outputs()):
            return int(op.get_input_size())
    return 1
