"""The novelty test as a part of the classifier's graph, and read back from it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from headstart.backbone.graph_file import FLOAT, make_node, make_port, make_tensor
from headstart.head.novelty import SHORTEST, NoveltyTest

NOVELTY = "novelty"  # the output, (N, 1) float32
_NAMES = ("mean", "scale", "components", "starts", "slopes", "falls", "most")
WEIGHTS = tuple(f"novelty/{name}" for name in _NAMES)
SHARE_ERROR = 1e-4  # of sums of float32
Floats = npt.NDArray[np.float32]


def make_novelty_output() -> bytes:
    """Return the encoded output of a graph for the novelty of each photo."""
    return make_port("output", NOVELTY, FLOAT, ["n_photos", 1])


def make_novelty_nodes(test: NoveltyTest, n_features: int) -> bytes:
    """Return the encoded nodes that compute the novelty of photos from ``features``, (N, ``n_features``).

    The test looks at the last of the features: those of the last stage. Between its knots, the share of photos falls by
    straight lines, each a product that is cut off at 0 and 1.
    """
    return b"".join(_make_nodes(test, n_features))


def _make_nodes(test: NoveltyTest, n_features: int) -> Iterator[bytes]:
    n_last = len(test.mean)
    numbers = {
        "mean": test.mean, "scale": test.scale, "components": test.components, "starts": test.starts,
        "slopes": test.slopes, "falls": test.falls, "most": np.array([test.most], np.float32),
        "shortest": np.array(SHORTEST, np.float32), "0": np.array(0, np.float32), "1": np.array(1, np.float32),
        "axis": np.array([1]),
    }  # fmt: skip
    if n_last < n_features:
        numbers |= {"first": np.array([n_features - n_last]), "end": np.array([n_features])}
    for name, value in numbers.items():
        yield make_tensor(f"novelty/{name}", value)

    def node(kind: str, inputs: list[str], name: str, **attributes: int) -> bytes:
        ends = [end if end == "features" else f"novelty/{end}" for end in inputs]
        return make_node(kind, ends, name if name == NOVELTY else f"novelty/{name}", **attributes)

    source = "features"
    if n_last < n_features:
        yield node("Slice", ["features", "first", "end", "axis"], "last")
        source = "last"
    yield node("Mul", [source, source], "squares")
    yield node("ReduceSum", ["squares", "axis"], "squared_length", keepdims=1)
    yield node("Sqrt", ["squared_length"], "length")
    yield node("Max", ["length", "shortest"], "divisor")
    yield node("Div", [source, "divisor"], "direction")
    yield node("Sub", ["direction", "mean"], "centred")
    yield node("Div", ["centred", "scale"], "row")
    yield node("MatMul", ["row", "components"], "explained")
    for name in ("row", "explained"):
        yield node("Mul", [name, name], f"{name}_squares")
        yield node("ReduceSum", [f"{name}_squares", "axis"], f"{name}_sum", keepdims=1)
    yield node("Sub", ["row_sum", "explained_sum"], "score")
    yield node("Sub", ["score", "starts"], "beyond")
    yield node("Mul", ["beyond", "slopes"], "parts")
    yield node("Clip", ["parts", "0", "1"], "kept")
    # no matrix product: OpenVINO would compute it, and all before it, in bf16
    yield node("Mul", ["kept", "falls"], "parts_of_fall")
    yield node("ReduceSum", ["parts_of_fall", "axis"], "fall", keepdims=1)
    yield node("Sub", ["most", "fall"], NOVELTY)


def assemble_novelty(weights: Sequence[Floats], n_units: int) -> NoveltyTest:
    """Return the test of the weights of a graph, in the order of `WEIGHTS`; raise ValueError if they do not fit."""
    mean, scale, components, starts, slopes, falls, most = weights
    lines = {one.shape for one in (starts, slopes, falls)}
    if mean.ndim != 1 or scale.shape != mean.shape or components.shape[:1] != mean.shape or components.ndim != 2:
        raise ValueError("a novelty test whose standardisation and components differ in size")
    if most.shape != (1,) or len(lines) != 1 or starts.ndim != 1:
        raise ValueError("a novelty test whose shares have no shape")
    return NoveltyTest(mean, scale, components, starts, slopes, falls, float(most[0]), n_units)


def has_novelty(names: Container[str]) -> bool:
    """Say whether the weights of a graph, given by their names, have those of a novelty test."""
    return WEIGHTS[0] in names


def find_novelty_problems(test: NoveltyTest, n_features: int) -> list[str]:
    """List what is wrong with a test that was read from a file, for features of ``n_features``."""
    problems = []
    if not 0 < len(test.mean) <= n_features:
        problems.append(f"a novelty test of {len(test.mean)} features for {n_features}")
    weights = (test.mean, test.scale, test.components, test.starts, test.slopes, test.falls)
    if not all(np.isfinite(one).all() for one in weights) or not np.isfinite(test.most):
        return [*problems, "a novelty test with NaN or infinity"]
    lowest = test.most - float(test.falls.sum())
    if not ((test.scale > 0).all() and (test.falls >= 0).all() and (test.slopes > 0).all()) or not test.most <= 1:
        problems.append("a novelty test whose shares do not fall from 1 or less")
    elif lowest < -SHARE_ERROR:
        problems.append("a novelty test whose shares fall below 0")
    return problems
