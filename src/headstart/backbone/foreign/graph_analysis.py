"""Where a foreign network ends as a feature extractor, and where it can be cut: read from its graph and its shapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from headstart.backbone.spec import Stage
from headstart.errors import BackboneError

if TYPE_CHECKING:
    import onnx

SHAPING = frozenset({"Identity", "Dropout", "Flatten", "Reshape", "Squeeze", "Cast"})  # the same numbers come out
SCALING = frozenset({"Add", "Sub", "Mul", "Div"})  # with a constant: of scores, a bias or a temperature
PLACEWISE = frozenset({  # leave each number where it is
    *SCALING, "Sum", "Identity", "Dropout", "Cast", "Relu", "Clip", "Sigmoid", "HardSwish", "HardSigmoid", "LeakyRelu",
    "PRelu", "Elu", "Selu", "Gelu", "Mish", "Softplus", "Tanh", "Erf", "Pow", "Sqrt", "Concat", "Pad",
})  # fmt: skip
CHANNELS_FIRST = frozenset({  # by their definition
    "Conv", "ConvTranspose", "BatchNormalization", "InstanceNormalization", "LRN", "MaxPool", "AveragePool",
    "GlobalAveragePool", "GlobalMaxPool", "DepthToSpace", "SpaceToDepth",
})  # fmt: skip
SOFTMAX = frozenset({"Softmax", "LogSoftmax", "Sigmoid"})
POOLING = frozenset({"GlobalAveragePool", "AveragePool", "ReduceMean"})
LINEAR = frozenset({"Gemm", "MatMul"})
INSIDE_BLOCK = 3  # times as many channels as the narrowest so far: a place inside a block, and a costly one for a cut


class GraphAnalysis:
    """The ways through a graph.

    Parameters
    ----------
    graph
        Nodes in the order in which they compute.
    source
        Name of the input for the photos.
    channel_axis
        Of the input: 1 or 3.
    shapes
        Of layers' outputs for one photo, by name; those that are not known may be missing.
    """

    def __init__(
        self, graph: onnx.GraphProto, source: str, channel_axis: int, shapes: Mapping[str, Sequence[int]]
    ) -> None:
        self._nodes = list(graph.node)
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._makers = {name: node for node in self._nodes for name in node.output}
        self.source = source
        self._shapes = dict(shapes)
        self._moving = {source}  # what depends on the photo
        self._axes: dict[str, int | None] = {source: channel_axis}
        self._users: dict[str, set[str]] = {}
        for node in self._nodes:
            if self._moving.intersection(node.input):
                self._moving.update(node.output)
                self._axes |= dict.fromkeys(node.output, self._follow_axis(node))
                for name in self._list_moving(node):
                    self._users.setdefault(name, set()).add(node.op_type)
            if node.op_type in ("Identity", "Dropout") and node.output[0] in shapes:  # the engine drops these
                self._shapes.setdefault(node.input[0], shapes[node.output[0]])

    def find_features(self, end: str) -> str:
        """Return the layer whose output goes into the last linear layer before ``end``.

        Between the two, scores are shaped, scaled, or made probabilities. Behind a softmax the classes are scored, so a
        convolution is a linear layer there, too, whose scores may have been averaged over the photo (Lin et al. 2013).

        Raises
        ------
        BackboneError
            If something else is found first: what that does to features, or whether there are classes at all, is not
            guessed.
        """
        is_scored = False
        for node in self._walk_back(end):
            kind, data = node.op_type, str(node.input[0])
            if kind not in SHAPING and self._list_moving(node) != [data]:  # ways come together, or W times f
                break
            is_scored |= kind in SOFTMAX
            if kind in LINEAR or (kind == "Conv" and (is_scored or self._is_point(node.output[0]))):
                return data
            if kind not in SHAPING | SOFTMAX | SCALING and not (is_scored and kind in POOLING | {"Relu"}):
                break
        raise BackboneError(
            "it cannot be told which layer goes into the last linear one, the one that scores classes: name that layer "
            f"as features, or the output, {end!a}, if there are no classes"
        )

    def find_map(self, features: str) -> tuple[str, int] | None:
        """Return the map whose mean over the photo the features are, and which axis has its channels; None if none is.

        Raises
        ------
        BackboneError
            If it cannot be told which axis has the channels.
        """
        if self._is_map(features):
            return features, self._tell_axis(features)
        for node in self._walk_back(features):
            data = self._list_moving(node)[0]
            if node.op_type in POOLING:
                axis = self._axes.get(data)
                return (data, axis) if axis is not None and self._is_map(data) and self._is_mean(node, axis) else None
            if node.op_type not in SHAPING or self._is_map(data):
                return None
        return None

    def depends_on_photo(self, name: str) -> bool:
        """Say whether a layer is computed from the photo, and is not the photo."""
        return name in self._moving and name != self.source

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
            if self._is_map(name) and self._axes.get(name) == 1 and not self._is_inside_layer(name)
        ]
        return [
            Stage(f"stride_{round(side_px / height)}", name, n_channels, round(side_px / height))
            for name, (_, n_channels, height, width) in maps
            if height <= side_px and height == width == -(-side_px // round(side_px / height))
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
        waiting = {self.source}
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

    def _follow_axis(self, node: onnx.NodeProto) -> int | None:
        """Return which axis has the channels in what a node gives; None if that cannot be told."""
        if node.op_type in CHANNELS_FIRST:
            return 1
        axes = {self._axes.get(name) for name in self._list_moving(node)}
        axis = axes.pop() if len(axes) == 1 else None
        if node.op_type == "Transpose" and axis is not None:
            order = next((list(attribute.ints) for attribute in node.attribute if attribute.name == "perm"), [])
            return order.index(axis) if axis in order else None
        return axis if node.op_type in PLACEWISE else None

    def _tell_axis(self, name: str) -> int:
        axis = self._axes.get(name)
        if axis not in (1, 3):
            raise BackboneError(
                f"its layer {name!a} gives {list(self._shapes[name])} for a photo, and which of these are the channels "
                "cannot be told: name another as features"
            )
        return axis

    def _is_inside_layer(self, name: str) -> bool:
        """Say whether what follows is one layer with what makes this: a norm or a bound, or zeros that were added."""
        kind, users = self._makers[name].op_type, self._users.get(name, set())
        return kind == "Pad" or (
            kind in ("Conv", "BatchNormalization") and bool(users & {"BatchNormalization", "Clip"})
        )

    def _is_map(self, name: str) -> bool:
        shape = self._shapes.get(name, ())
        return len(shape) == 4 and sum(size > 1 for size in shape[1:]) > 1 and not self._is_point(name)

    def _is_point(self, name: str) -> bool:
        return list(self._shapes.get(name, ()))[2:] == [1, 1]

    def _is_mean(self, node: onnx.NodeProto, axis: int) -> bool:
        """Say whether a pooling layer takes the mean over all places of a photo, and leaves the channels."""
        from onnx import helper, numpy_helper

        shape = self._shapes[self._list_moving(node)[0]]
        facts = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        if node.op_type == "ReduceMean":
            axes = facts.get("axes")
            if axes is None and len(node.input) > 1 and node.input[1] in self._constants:
                axes = numpy_helper.to_array(self._constants[node.input[1]]).tolist()
            return axes is not None and {place % 4 for place in axes} == {1, 2, 3} - {axis}
        if node.op_type == "AveragePool":
            pads = facts.get("pads", [0, 0, 0, 0])
            covered = [size - pad for size, pad in zip(facts["kernel_shape"], pads, strict=False)]
            is_whole = all(size >= side for size, side in zip(covered, shape[2:], strict=True))
            return is_whole and self._is_point(node.output[0]) and not (any(pads) and facts.get("count_include_pad"))
        return True
