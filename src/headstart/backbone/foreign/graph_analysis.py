"""Find the features of a foreign network, and the layers where it can be cut, from its graph and its shapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from headstart.backbone.spec import Stage
from headstart.errors import BackboneError

if TYPE_CHECKING:
    import onnx

RESHAPING = frozenset({"Identity", "Dropout", "Flatten", "Reshape", "Squeeze", "Cast"})  # keep the numbers
SCALING = frozenset({"Add", "Sub", "Mul", "Div"})  # by a constant, as a bias or a temperature of scores
AXIS_KEEPING = frozenset({  # keep the order of the axes
    *SCALING, "Sum", "Identity", "Dropout", "Cast", "Relu", "Clip", "Sigmoid", "HardSwish", "HardSigmoid", "LeakyRelu",
    "PRelu", "Elu", "Selu", "Gelu", "Mish", "Softplus", "Tanh", "Erf", "Pow", "Sqrt", "Concat", "Pad",
})  # fmt: skip
CHANNELS_FIRST = frozenset({  # have the channels in axis 1 by definition
    "Conv", "ConvTranspose", "BatchNormalization", "InstanceNormalization", "LRN", "MaxPool", "AveragePool",
    "GlobalAveragePool", "GlobalMaxPool", "DepthToSpace", "SpaceToDepth",
})  # fmt: skip
SOFTMAX = frozenset({"Softmax", "LogSoftmax", "Sigmoid"})
POOLING = frozenset({"GlobalAveragePool", "AveragePool", "ReduceMean"})
LINEAR = frozenset({"Gemm", "MatMul"})
INSIDE_BLOCK = 3  # a cut with this many times the channels of another one is inside a block, and costly


class GraphAnalysis:
    """The flow of the photo's data through a graph.

    The nodes of ``graph`` are in the order of computation. ``source`` is its input for photos, with the channels in
    axis 1 or 3. ``shapes`` has the shapes of the layers' outputs for one photo, as far as they are known.
    """

    def __init__(
        self, graph: onnx.GraphProto, source: str, channel_axis: int, shapes: Mapping[str, Sequence[int]]
    ) -> None:
        self._nodes = list(graph.node)
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._makers = {name: node for node in self._nodes for name in node.output}
        self.source = source
        self._shapes = dict(shapes)
        self._dependent = {source}  # names whose values depend on the photo
        self._axes: dict[str, int | None] = {source: channel_axis}
        self._users: dict[str, set[str]] = {}
        for node in self._nodes:
            if self._dependent.intersection(node.input):
                self._dependent.update(node.output)
                self._axes |= dict.fromkeys(node.output, self._derive_axis(node))
                for name in self._list_dependent(node):
                    self._users.setdefault(name, set()).add(node.op_type)
            # the engine removes these layers, and gives no shape of their input
            if node.op_type in ("Identity", "Dropout") and node.output[0] in shapes:
                self._shapes.setdefault(node.input[0], shapes[node.output[0]])

    def find_features(self, end: str) -> str:
        """Return the layer whose output is the input of the last linear layer before ``end``.

        Between the two, the scores may be reshaped, scaled or turned into probabilities. A softmax shows that there are
        scores of classes: before it, a convolution is a linear layer too, and its scores may be averaged over the
        photo (Lin et al. 2013). If another kind of layer comes first, its effect is not guessed: raise BackboneError.
        """
        is_scored = False
        for node in self._walk_back(end):
            kind, data = node.op_type, str(node.input[0])
            # the search ends where two branches join, or the product is W f and not f W
            if kind not in RESHAPING and self._list_dependent(node) != [data]:
                break
            is_scored |= kind in SOFTMAX
            if kind in LINEAR or (kind == "Conv" and (is_scored or self._is_pooled(node.output[0]))):
                return data
            if kind not in RESHAPING | SOFTMAX | SCALING and not (is_scored and kind in POOLING | {"Relu"}):
                break
        raise BackboneError(
            "it is unknown which layer is the input of the last linear layer, which scores the classes: name it as "
            f"features, or the output, {end!a}, if there are no classes"
        )

    def find_map(self, features: str) -> tuple[str, int] | None:
        """Return the feature map whose mean over the photo is the features, and its channel axis, or None."""
        if self._is_map(features):
            return features, self._get_channel_axis(features)
        for node in self._walk_back(features):
            data = self._list_dependent(node)[0]
            if node.op_type in POOLING:
                axis = self._axes.get(data)
                return (data, axis) if axis is not None and self._is_map(data) and self._is_mean(node, axis) else None
            if node.op_type not in RESHAPING or self._is_map(data):
                return None
        return None

    def depends_on_photo(self, name: str) -> bool:
        """Say whether a layer is computed from the photo, and is not the photo itself."""
        return name in self._dependent and name != self.source

    def skip_reshaping(self, features: str) -> str:
        """Return the layer with the same numbers before they are reshaped."""
        for node in self._walk_back(features):
            data = self._list_dependent(node)[0]
            if node.op_type not in RESHAPING or not self._is_pooled(data):
                break
            features = data
        return features

    def list_stages(self, end: str, side_px: int) -> list[Stage]:
        """Return the stages below a layer, for this side of the input: each ends at the last cut of its resolution."""
        chosen: dict[int, Stage] = {}
        for stage in self.list_cuts(end, side_px):
            before = chosen.get(stage.stride)
            if stage.stride > 1 and (before is None or stage.n_channels < INSIDE_BLOCK * before.n_channels):
                chosen[stage.stride] = stage
        return [chosen[stride] for stride in sorted(chosen)]

    def list_cuts(self, end: str, side_px: int) -> list[Stage]:
        """Return all cuts below a layer: feature maps (N, C, h, h) that suffice to compute everything after them."""
        maps = [
            (name, self._shapes[name])
            for name in self._list_bottlenecks(end)
            if self._is_map(name) and self._axes.get(name) == 1 and not self._is_inside_layer(name)
        ]
        return [
            Stage(f"stride_{round(side_px / height)}", name, n_channels, round(side_px / height))
            for name, (_, n_channels, height, width) in maps
            if height <= side_px and height == width == -(-side_px // round(side_px / height))
        ]

    def list_needed(self, end: str) -> tuple[list[onnx.NodeProto], set[str]]:
        """Return the nodes that compute a layer from the photo, in order, and the names of all their inputs."""
        needed, nodes = {end}, []
        for node in reversed(self._nodes):
            if needed.intersection(node.output):
                nodes.append(node)
                needed.update(name for name in node.input if name)
        return nodes[::-1], needed

    def _list_bottlenecks(self, end: str) -> Iterator[str]:
        """Yield the layers whose output alone suffices to compute everything after them."""
        nodes = [node for node in self.list_needed(end)[0] if self._list_dependent(node)]
        uses = Counter(name for node in nodes for name in set(self._list_dependent(node)))
        waiting = {self.source}
        for node in nodes:
            for name in set(self._list_dependent(node)):
                uses[name] -= 1
                if not uses[name]:
                    waiting.discard(name)
            waiting.update(name for name in node.output if uses[name])
            if len(waiting) == 1:
                yield next(iter(waiting))

    def _walk_back(self, name: str) -> Iterator[onnx.NodeProto]:
        """Yield the nodes from a layer back to the photo, along the first input that depends on the photo."""
        while name in self._makers and name in self._dependent:
            node = self._makers[name]
            yield node
            name = self._list_dependent(node)[0]

    def _list_dependent(self, node: onnx.NodeProto) -> list[str]:
        return [name for name in node.input if name in self._dependent]

    def _derive_axis(self, node: onnx.NodeProto) -> int | None:
        """Return the channel axis of a node's output; None if it is unknown."""
        if node.op_type in CHANNELS_FIRST:
            return 1
        axes = {self._axes.get(name) for name in self._list_dependent(node)}
        axis = axes.pop() if len(axes) == 1 else None
        if node.op_type == "Transpose" and axis is not None:
            order = next((list(attribute.ints) for attribute in node.attribute if attribute.name == "perm"), [])
            return order.index(axis) if axis in order else None
        return axis if node.op_type in AXIS_KEEPING else None

    def _get_channel_axis(self, name: str) -> int:
        axis = self._axes.get(name)
        if axis not in (1, 3):
            raise BackboneError(
                f"its layer {name!a} gives {list(self._shapes[name])} for a photo, and it is unknown which are the "
                "channels: name another layer as features"
            )
        return axis

    def _is_inside_layer(self, name: str) -> bool:
        """Say whether the layer forms one layer with the next: a batch norm or clip follows, or it only pads."""
        kind, users = self._makers[name].op_type, self._users.get(name, set())
        return kind == "Pad" or (
            kind in ("Conv", "BatchNormalization") and bool(users & {"BatchNormalization", "Clip"})
        )

    def _is_map(self, name: str) -> bool:
        shape = self._shapes.get(name, ())
        return len(shape) == 4 and sum(size > 1 for size in shape[1:]) > 1 and not self._is_pooled(name)

    def _is_pooled(self, name: str) -> bool:
        return list(self._shapes.get(name, ()))[2:] == [1, 1]

    def _is_mean(self, node: onnx.NodeProto, axis: int) -> bool:
        """Say whether a pooling layer takes the mean over the whole photo for each channel."""
        from onnx import helper, numpy_helper

        shape = self._shapes[self._list_dependent(node)[0]]
        facts = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        if node.op_type == "ReduceMean":
            axes = facts.get("axes")
            if axes is None and len(node.input) > 1 and node.input[1] in self._constants:
                axes = numpy_helper.to_array(self._constants[node.input[1]]).tolist()
            return axes is not None and {number % 4 for number in axes} == {1, 2, 3} - {axis}
        if node.op_type == "AveragePool":
            pads = facts.get("pads", [0, 0, 0, 0])
            covered = [size - pad for size, pad in zip(facts["kernel_shape"], pads, strict=False)]
            is_whole = all(size >= side for size, side in zip(covered, shape[2:], strict=True))
            return is_whole and self._is_pooled(node.output[0]) and not (any(pads) and facts.get("count_include_pad"))
        return True
