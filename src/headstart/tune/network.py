"""The tail of a network (the layers above a cut) as a torch module, built from the graph that the engine runs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  torch's own habit
from torch.utils.checkpoint import checkpoint

from headstart.errors import BackboneError
from headstart.tune.graph import Graph, Node
from headstart.tune.operations import ARITHMETIC, KNOWN, make_operation

MOMENTUM = 0.1  # of the running mean and variance of a trained batch norm


class Tail(nn.Module):
    """The trainable layers between two layers of a graph.

    By default batch norms keep their pretrained mean and variance, and are folded into the convolution before them. A
    photo's output then does not depend on the rest of its batch. Scale and offset are trained.

    Parameters
    ----------
    start, end
        Names of layers. The input is the output of ``start``; the output is that of ``end``.
    is_norm_trained
        Whether batch norms use and learn the mean and variance of batches, as training from scratch needs.
    recomputed
        Names of layers, in order. The activations between one and the next are not stored for the backward pass, but
        computed again there (gradient checkpointing, Chen et al. 2016). All layers after such a layer may depend on its
        output, but on no layer before it.

    Raises
    ------
    BackboneError
        If a layer is of an unknown kind, or layers share weights.
    """

    def __init__(
        self, graph: Graph, start: str, end: str, *, is_norm_trained: bool = False, recomputed: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self._start = start
        nodes = graph.take_between(start, end)
        unknown = sorted({node.kind for node in nodes} - KNOWN - {"Conv", "BatchNormalization"})
        if unknown:
            raise BackboneError(
                f"Cannot train the network above {start!r}: got layers of unknown kinds {unknown}. Use --method fixed."
            )
        self.layers = nn.ModuleList(_list_layers(nodes, graph, is_norm_trained))
        owners = Counter(n for layer in self.layers if isinstance(layer, _Convolution) for n in layer.list_weights())
        if owners and max(owners.values()) > 1:  # each use would be trained on its own, and only one written back
            raise BackboneError(
                f"Cannot train the network above {start!r}: got layers that share weights. Use --method fixed."
            )
        self._last_use = {name: i for i, layer in enumerate(self.layers) for name in cast(_Layer, layer).sources}
        names = [cast(_Layer, layer).name for layer in self.layers]
        self._recomputed_ends = [names.index(name) + 1 for name in recomputed]

    def forward(self, x: Tensor) -> Tensor:
        """Return the output of layer ``end`` for (N, C, H, W) activations of ``start``; channels-last is fastest."""
        first = 0
        for end in self._recomputed_ends if self.training and torch.is_grad_enabled() else ():
            x = cast(
                Tensor,
                checkpoint(
                    self._run, x, first, end, use_reentrant=False, preserve_rng_state=False,
                    context_fn=lambda: (nullcontext(), self._freeze_moments()),
                ),
            )  # fmt: skip
            first = end
        return self._run(x, first, len(self.layers))

    def _run(self, x: Tensor, first: int, end: int) -> Tensor:
        """Compute layers ``first`` to ``end`` - 1, by index, from the output of the layer before them."""
        known = {cast(_Layer, self.layers[first - 1]).name if first else self._start: x}
        for i in range(first, end):
            layer = cast(_Layer, self.layers[i])
            known[layer.name] = x = layer(*(known[name] for name in layer.sources))
            for name in layer.sources:
                if self._last_use[name] == i:
                    known.pop(name, None)
        return x

    @contextmanager
    def _freeze_moments(self) -> Iterator[None]:
        """Let batch norms keep their means and variances in the block: recomputing must not learn a batch twice."""
        norms = [layer for layer in self.layers if isinstance(layer, _Convolution)]
        for layer in norms:
            layer.momentum = 0.0
        try:  # torch ends the recomputation by an exception, once it has all it needs
            yield
        finally:
            for layer in norms:
                layer.momentum = MOMENTUM

    def export(self) -> dict[str, npt.NDArray[np.float32]]:
        """Return all weights by their names in the graph."""
        found: dict[str, npt.NDArray[np.float32]] = {}
        for layer in self.layers:
            if isinstance(layer, _Convolution):
                found |= {name: value.detach().cpu().numpy().copy() for name, value in layer.list_weights().items()}
        return found

    def list_moments(self) -> list[Tensor]:
        """Return the means and variances of the batch norms."""
        return [value for name, value in self.named_buffers() if name.endswith((".mean", ".variance"))]

    def randomise(self, generator: torch.Generator) -> None:
        """Draw random weights, for training from scratch (He et al. 2015). Norms get scale 1 and offset 0."""
        for layer in self.layers:
            if isinstance(layer, _Convolution):
                layer.randomise(generator)


class _Layer(nn.Module):
    """A layer with its name and the names of the layers that it reads."""

    def __init__(self, name: str, sources: Sequence[str]) -> None:
        super().__init__()
        self.name, self.sources = name, tuple(sources)


class _Convolution(_Layer):
    """A convolution, with the batch norm and the ReLU6 that follow it, if any."""

    kernel: Tensor
    bias: Tensor
    scale: Tensor
    offset: Tensor
    mean: Tensor
    variance: Tensor

    def __init__(self, node: Node, norm: Node | None, has_relu6: bool, graph: Graph, is_norm_trained: bool) -> None:
        super().__init__(node.output if norm is None else norm.output, node.inputs[:1])
        attributes = node.attributes
        self._padding = attributes.get("auto_pad", b"NOTSET")
        self._pads = attributes.get("pads", [0, 0, 0, 0])
        if self._padding not in (b"SAME_UPPER", b"NOTSET", b"VALID") or len(self._pads) != 4:
            raise BackboneError(f"Cannot train the network: got an unknown padding in layer {node.output!r}.")
        self._strides = [int(stride) for stride in attributes.get("strides", [1, 1])]
        self._dilations = [int(step) for step in attributes.get("dilations", [1, 1])]
        self.momentum = MOMENTUM
        self._groups = int(attributes.get("group", 1))
        self._has_relu6 = has_relu6
        self._is_norm_trained = is_norm_trained and norm is not None
        self._names: dict[str, str] = {}
        self._epsilon = 0.0 if norm is None else float(norm.attributes.get("epsilon", 1e-5))
        self._keep(dict(zip(("kernel", "bias"), node.inputs[1:], strict=False)), graph)
        if norm is not None:
            self._keep(dict(zip(("scale", "offset", "mean", "variance"), norm.inputs[1:], strict=True)), graph)

    def _keep(self, names: dict[str, str], graph: Graph) -> None:
        for key, name in names.items():
            if name not in graph.weights:
                raise BackboneError(f"Cannot train the network: got a computed {key} in layer {self.name!r}.")
            value = torch.tensor(np.array(graph.weights[name]))
            if key in ("mean", "variance"):
                self.register_buffer(key, value)
            else:
                value = value.to(memory_format=torch.channels_last) if key == "kernel" else value
                self.register_parameter(key, nn.Parameter(value))
            self._names[key] = name

    def forward(self, x: Tensor) -> Tensor:
        bias = self.bias if "bias" in self._names else None
        if "scale" not in self._names:
            y = self._convolve(x, self.kernel, bias)
        elif self._is_norm_trained and self.training:
            y = F.batch_norm(
                self._convolve(x, self.kernel, bias), self.mean, self.variance, self.scale, self.offset,
                True, self.momentum, self._epsilon,
            )  # fmt: skip
        else:
            factor = self.scale * torch.rsqrt(self.variance + self._epsilon)
            mean = self.mean if bias is None else self.mean - bias
            y = self._convolve(x, self.kernel * factor[:, None, None, None], self.offset - mean * factor)
        return F.hardtanh_(y, 0.0, 6.0) if self._has_relu6 else y

    def _convolve(self, x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
        before, after = self._pads[:2], self._pads[2:]
        if self._padding == b"SAME_UPPER":
            spans = [(size - 1) * step + 1 for size, step in zip(kernel.shape[2:], self._dilations, strict=True)]
            sides = zip(x.shape[2:], spans, self._strides, strict=True)
            before, after = zip(
                *(_measure_padding(int(side), span, stride) for side, span, stride in sides), strict=True
            )
        if list(before) == list(after):
            return F.conv2d(x, kernel, bias, self._strides, list(before), self._dilations, self._groups)
        x = F.pad(x, (before[1], after[1], before[0], after[0]))
        return F.conv2d(x, kernel, bias, self._strides, 0, self._dilations, self._groups)

    def list_weights(self) -> dict[str, Tensor]:
        return {name: getattr(self, key) for key, name in self._names.items()}

    @torch.no_grad()
    def randomise(self, generator: torch.Generator) -> None:
        n_outputs = self.kernel.shape[0] * self.kernel.shape[2] * self.kernel.shape[3] / self._groups
        self.kernel.normal_(0.0, math.sqrt(2 / n_outputs), generator=generator)
        for key, value in (("bias", 0.0), ("scale", 1.0), ("offset", 0.0), ("mean", 0.0), ("variance", 1.0)):
            if key in self._names:
                getattr(self, key).fill_(value)


def _measure_padding(side: int, size: int, stride: int) -> tuple[int, int]:
    """Return the zeros before and after, as TensorFlow's SAME pads: of an odd number, one more comes after."""
    total = max((math.ceil(side / stride) - 1) * stride + size - side, 0)
    return total // 2, total - total // 2


class _Weightless(_Layer):
    """A layer without trainable weights. Constants that it adds or multiplies by are not trained."""

    def __init__(self, node: Node, graph: Graph) -> None:
        super().__init__(node.output, [name for name in node.inputs if name and name not in graph.weights])
        constants = {i: graph.weights[name] for i, name in enumerate(node.inputs) if name in graph.weights}
        self._operation = make_operation(node, constants)
        self._constants: list[int] = []
        if node.kind in ARITHMETIC:
            self._constants = list(constants)
            for i, value in constants.items():
                self.register_buffer(f"constant_{i}", torch.tensor(np.array(value)))

    def forward(self, *x: Tensor) -> Tensor:
        operands = list(x)
        for i in self._constants:
            operands.insert(i, getattr(self, f"constant_{i}"))
        return self._operation(*operands)


def _list_layers(nodes: Sequence[Node], graph: Graph, is_norm_trained: bool) -> list[_Layer]:
    """Return the nodes as layers. A batch norm or ReLU6 joins the convolution before it if it is its only reader."""
    readers: dict[str, list[Node]] = {}
    for node in nodes:
        for name in node.inputs:
            readers.setdefault(name, []).append(node)
    layers: list[_Layer] = []
    joined: set[str] = set()
    for node in nodes:
        if node.output in joined:
            continue
        if node.kind == "BatchNormalization":
            raise BackboneError(f"Cannot train the network: got no convolution before the batch norm {node.output!r}.")
        if node.kind != "Conv":
            layers.append(_Weightless(node, graph))
            continue
        norm = _find_only_reader(node, "BatchNormalization", readers)
        relu6 = _find_only_reader(norm or node, "Clip", readers)
        if relu6 is not None and not _is_relu6(relu6, graph):
            relu6 = None
        layer: Any = _Convolution(node, norm, relu6 is not None, graph, is_norm_trained)
        if relu6 is not None:
            layer.name = relu6.output
        joined |= {follower.output for follower in (norm, relu6) if follower is not None}
        layers.append(layer)
    return layers


def _is_relu6(node: Node, graph: Graph) -> bool:
    return [graph.weights[name].item() for name in node.inputs[1:] if name in graph.weights] == [0.0, 6.0]


def _find_only_reader(node: Node, kind: str, readers: dict[str, list[Node]]) -> Node | None:
    """Return the only node that reads a node's output, if it is of this kind."""
    found = readers.get(node.output, [])
    return found[0] if len(found) == 1 and found[0].kind == kind else None
