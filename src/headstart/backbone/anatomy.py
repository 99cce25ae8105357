"""Where a foreign network ends as a feature extractor, and where it can be cut: read from its graph and its shapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from headstart.backbone.spec import Stage

if TYPE_CHECKING:
    import onnx

SHAPING = frozenset({"Identity", "Dropout", "Flatten", "Reshape", "Squeeze", "Cast"})  # the same numbers come out
SOFTMAX = frozenset({"Softmax", "LogSoftmax", "Sigmoid"})
POOLING = frozenset({"GlobalAveragePool", "AveragePool", "ReduceMean"})
LINEAR = frozenset({"Gemm", "MatMul"})
INSIDE_BLOCK = 3  # times as many channels as the narrowest so far: a place inside a block, and a costly one for a cut


class Anatomy:
    """The ways through a graph.

    Parameters
    ----------
    graph
        Nodes in the order in which they compute.
    source
        Name of the input for the photos.
    shapes
        Of layers' outputs for one photo, by name; those that are not known may be missing.
    """

    def __init__(self, graph: onnx.GraphProto, source: str, shapes: Mapping[str, Sequence[int]]) -> None:
        self._nodes = list(graph.node)
        self._makers = {name: node for node in self._nodes for name in node.output}
        self._source = source
        self._shapes = dict(shapes)
        self._moving = {source}  # what depends on the photo
        for node in self._nodes:
            if self._moving.intersection(node.input):
                self._moving.update(node.output)
            if node.op_type in ("Identity", "Dropout") and node.output[0] in shapes:  # the engine drops these
                self._shapes.setdefault(node.input[0], shapes[node.output[0]])

    def find_features(self, end: str) -> str:
        """Return the layer whose output goes into the last linear layer before ``end``, or ``end`` if there is none.

        Behind a softmax the classes are scored; a convolution of 1 x 1 there is a linear layer, too, whose scores may
        have been averaged over the photo (Lin et al. 2013).
        """
        name, is_scored = end, False
        for node in self._walk_back(end):
            kind, (data, *_) = node.op_type, self._list_moving(node)
            is_scored |= kind in SOFTMAX
            if kind in LINEAR and self._is_linear(node):
                return data
            if kind == "Conv" and (is_scored or self._is_point(node.output[0])):
                return data
            if is_scored and kind in POOLING | {"Relu"}:
                continue
            if kind not in SHAPING | SOFTMAX and not (kind == "Add" and self._is_linear(node)):
                return name if is_scored else end
            name = data
        return end

    def find_map(self, features: str) -> str | None:
        """Return the layer, (N, C, h, w), whose mean over the photo the features are; None if they are none."""
        if self._is_map(features):
            return features
        for node in self._walk_back(features):
            data = self._list_moving(node)[0]
            if node.op_type in POOLING:
                return data if self._is_map(data) and self._is_mean(node) else None
            if node.op_type not in SHAPING or self._is_map(data):
                return None
        return None

    def find_plain(self, features: str) -> str:
        """Return the layer with the same numbers before anything that only gives them another shape."""
        for node in self._walk_back(features):
            data = self._list_moving(node)[0]
            if node.op_type not in SHAPING or not self._is_point(data):
                break
            features = data
        return features

    def list_stages(self, end: str, side_px: int) -> list[Stage]:
        """Return the stages below a layer: the last place of each resolution where it can be cut.

        Parameters
        ----------
        side_px
            Of the input for which the shapes are.
        """
        chosen: dict[int, Stage] = {}
        for stage in self.list_places(end, side_px):
            before = chosen.get(stage.stride)
            if stage.stride > 1 and (before is None or stage.n_channels < INSIDE_BLOCK * before.n_channels):
                chosen[stage.stride] = stage
        return [chosen[stride] for stride in sorted(chosen)]

    def list_places(self, end: str, side_px: int) -> list[Stage]:
        """Return all places below a layer where one map, (N, C, h, h), is all that what follows needs."""
        maps = [
            (name, self._shapes[name])
            for name in self._list_narrow_places(end)
            if self._is_map(name) and self._makers[name].op_type != "Pad"
        ]
        return [
            Stage(f"stride_{round(side_px / height)}", name, n_channels, round(side_px / height))
            for name, (_, n_channels, height, width) in maps
            if height == width == -(-side_px // round(side_px / height))
        ]

    def list_needed(self, end: str) -> tuple[list[onnx.NodeProto], set[str]]:
        """Return the nodes that compute a layer from the photo, in order, and the names of what goes into them."""
        needed, nodes = {end}, []
        for node in reversed(self._nodes):
            if needed.intersection(node.output):
                nodes.append(node)
                needed.update(name for name in node.input if name)
        return nodes[::-1], needed

    def _list_narrow_places(self, end: str) -> Iterator[str]:
        """Return the layers of which alone all that follows can be computed."""
        nodes = [node for node in self.list_needed(end)[0] if self._list_moving(node)]
        uses = Counter(name for node in nodes for name in set(self._list_moving(node)))
        waiting = {self._source}
        for node in nodes:
            for name in set(self._list_moving(node)):
                uses[name] -= 1
                if not uses[name]:
                    waiting.discard(name)
            waiting.update(name for name in node.output if uses[name])
            if len(waiting) == 1:
                yield next(iter(waiting))

    def _walk_back(self, name: str) -> Iterator[onnx.NodeProto]:
        """Go from a layer towards the input, along the first input of each node that depends on the photo."""
        while name in self._makers and name in self._moving:
            node = self._makers[name]
            yield node
            name = self._list_moving(node)[0]

    def _list_moving(self, node: onnx.NodeProto) -> list[str]:
        return [name for name in node.input if name in self._moving]

    def _is_linear(self, node: onnx.NodeProto) -> bool:
        """Say whether only one of the operands depends on the photo."""
        return len(self._list_moving(node)) == 1

    def _is_map(self, name: str) -> bool:
        shape = self._shapes.get(name, ())
        return len(shape) == 4 and shape[2] > 1 and shape[3] > 1

    def _is_point(self, name: str) -> bool:
        return list(self._shapes.get(name, ()))[2:] == [1, 1]

    def _is_mean(self, node: onnx.NodeProto) -> bool:
        """Say whether a pooling layer takes the mean over height and width, and leaves the channels."""
        n_channels = self._shapes[self._list_moving(node)[0]][1]
        shape = [size for size in self._shapes.get(node.output[0], ())[1:] if size != 1]
        return shape == [n_channels]
