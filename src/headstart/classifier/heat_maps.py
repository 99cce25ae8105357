"""Heat maps: how much each place of a photo adds to the score of a class (class activation mapping, Zhou et al. 2016).

For a linear head on pooled features the map is exact: the score is the mean of the map.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.backbone import view_averaging
from headstart.backbone.graph_file import cut_out, list_nodes, take_apart
from headstart.classifier.decision import decide_answers
from headstart.classifier.file import ClassifierFile
from headstart.engine.cutting import find_output
from headstart.engine.openvino_import import compile_in_time, get_core, import_openvino
from headstart.engine.processor import describe_engine
from headstart.errors import ClassifierError
from headstart.head.linear import LinearHead
from headstart.pixels.decode import describe_decoder, read_photo
from headstart.process.forks import PerProcess
from headstart.storage.result_cache import fetch_result, keep_result, name_result

Map = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Explanation:
    """A heat map of one photo for one class.

    Attributes
    ----------
    label
        The class.
    heat
        (h, w) float32, the first row at the top: how much more each place adds to the score of this class than to the
        mean score of all classes. Below 0: the place speaks against the class. The mean is the score.
    """

    label: str
    heat: Map


class Explainer:
    """Explains a classifier's answers, in float32 (0.3 s to open the first time, then 0.05 s; 10 ms for a photo)."""

    def __init__(self, contents: ClassifierFile) -> None:
        self._contents = contents
        self._compiled: PerProcess[Any] = PerProcess()

    @property
    def can_explain(self) -> bool:
        """Whether heat maps can be computed: the features must be means over the photo."""
        try:
            return bool(self._layers)
        except ClassifierError:
            return False

    @cached_property
    def _layers(self) -> list[str]:
        return find_pooled_layers(self._contents)

    @cached_property
    def _key(self) -> str:
        """Cache key of the network without the head."""
        trunk = cut_out(take_apart(self._contents.data).trunk, "pixels", "features")
        size = str(self._contents.metadata.image_size)
        return name_result("explaining", hashlib.sha256(trunk).hexdigest(), size, *self._layers, describe_engine())

    def _open(self) -> Any:
        core, settings = get_core(), {"INFERENCE_PRECISION_HINT": "f32"}
        kept = fetch_result(self._key)
        if kept is not None:
            with suppress(RuntimeError):  # it was written by another version of OpenVINO
                return compile_in_time(lambda: core.import_model(kept, "CPU", settings))
        network = core.read_model(self._contents.data)
        part = import_openvino().Model([find_output(network, name) for name in self._layers], network.get_parameters())
        compiled = compile_in_time(lambda: core.compile_model(part, "CPU", settings))
        stream = io.BytesIO()
        compiled.export_model(stream)
        keep_result(self._key, stream.getvalue())
        return compiled

    def explain(self, path: str | Path, label: str | None = None, *, digest: str | None = None) -> Explanation:
        """Compute the heat map of a photo file.

        Parameters
        ----------
        label
            The class. Default: the predicted one.
        digest
            SHA-256 in hex of the photo. If given, the activations are cached for other heads on the same network.
        """
        about = self._contents.metadata
        name = name_result("places", self._key, digest, str(about.depth), describe_decoder()) if digest else None
        kept = fetch_result(name) if name else None
        if kept is not None:
            with np.load(io.BytesIO(kept)) as arrays:
                return self._explain([arrays[end] for end in arrays.files], label)
        maps = self._compute_activations(read_photo(Path(path), about.image_size, digest, depth=about.depth))
        if name:
            stream = io.BytesIO()
            np.savez(stream, *maps)
            keep_result(name, stream.getvalue())
        return self._explain(maps, label)

    def explain_pixels(self, pixels: npt.NDArray[np.uint8], label: str | None = None) -> Explanation:
        """Compute the heat map of decoded pixels, (S, S, 3) uint8, where S is the image size."""
        return self._explain(self._compute_activations(pixels), label)

    def _compute_activations(self, pixels: npt.NDArray[np.uint8]) -> list[Map]:
        run = self._compiled.get(self._open)
        return [np.array(value, np.float32) for value in run([pixels[None]]).values()]

    def _explain(self, maps: list[Map], label: str | None) -> Explanation:
        about, weights, bias = self._contents.metadata, self._contents.weights, self._contents.bias
        labels = about.labels
        if label is None:
            features = np.concatenate([stage_map.mean((0, 2, 3)) for stage_map in maps])
            probabilities = LinearHead(weights, bias).probabilities(features[None])
            chosen = int(decide_answers(probabilities, labels, about.decision)[0])
        else:
            chosen = labels.index(label)
        # adding the same to all classes changes no prediction, so only the difference from the mean class counts
        apart = weights[:, chosen] - weights.mean(1)
        parts = np.split(apart, np.cumsum([stage_map.shape[1] for stage_map in maps])[:-1])
        side = max(stage_map.shape[-1] for stage_map in maps)
        heat = sum(
            _enlarge(_turn_back(np.tensordot(stage_map, part, axes=(1, 0))), side)
            for stage_map, part in zip(maps, parts, strict=True)
        )
        # every place gets the bias, because a prediction that rests on the bias would otherwise have an empty map
        return Explanation(labels[chosen], np.asarray(heat + (bias[chosen] - bias.mean()), np.float32))


def find_pooled_layers(contents: ClassifierFile) -> list[str]:
    """Return the names of the layers whose means over the photo are the features, in their order.

    In a quantised network these are not the layers of the stages: quantising also cuts off values below 0.
    """
    nodes = {output: (kind, inputs) for kind, inputs, output in list_nodes(take_apart(contents.data).trunk)}
    name = view_averaging.FEATURES if contents.metadata.n_averaged > 1 else "features"
    means = _list_joined(name, nodes)
    pooled = [nodes[mean][1][0] for mean in means]  # each mean is a flattened pooling layer
    if any(nodes.get(name, ("",))[0] != "GlobalAveragePool" for name in pooled):
        raise ClassifierError(
            f"Cannot explain predictions: the features of {contents.metadata.spec.name} are not means over the photo. "
            "Train with another --backbone."
        )
    return [nodes[name][1][0] for name in pooled]


def _list_joined(name: str, nodes: Mapping[str, tuple[str, list[str]]]) -> list[str]:
    """Return the layers that a layer joins, in their order: several networks side by side are joined twice."""
    kind, inputs = nodes[name]
    return [layer for end in inputs for layer in _list_joined(end, nodes)] if kind == "Concat" else [name]


def _turn_back(views: Map) -> Map:
    """Turn the maps of the views of a photo, (V, h, w), back and average them."""
    turned = []
    for view, (is_exchanged, axes) in zip(views, view_averaging.MOVES, strict=False):
        back = np.flip(view, tuple(axis - 1 for axis in axes))
        turned.append(back.T if is_exchanged else back)
    return np.mean(turned, axis=0)  # type: ignore[no-any-return]


def _enlarge(heat: Map, side: int) -> Map:
    """Enlarge a map so that its mean stays: a place of the result is the mean of what it covers of the map."""
    ends = np.linspace(0, len(heat), side + 1)
    at = np.arange(len(heat))
    covered = np.clip(np.minimum(ends[1:, None], at + 1) - np.maximum(ends[:-1, None], at), 0, None)
    shares = (covered / covered.sum(1, keepdims=True)).astype(heat.dtype)
    return shares @ heat @ shares.T  # type: ignore[no-any-return]
