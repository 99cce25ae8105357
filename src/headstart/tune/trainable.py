"""What is trained: the layers above a cut and a linear head on their features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from headstart.backbone.spec import PIXELS_CUT, BackboneSpec
from headstart.head.linear import LinearHead
from headstart.tune.graph import Graph
from headstart.tune.hyperparameters import Recipe
from headstart.tune.network import Tail

# Batch norms that are trained keep what they read for the backward pass: twice the memory. Stages of stride 16 or less
# hold most of it.
LARGE_STRIDE = 16


@dataclass(frozen=True, eq=False)
class FirstHead:
    """The head that training begins with, on features that are shifted and scaled.

    Attributes
    ----------
    mean, scale
        (D,) float64: a feature goes in as (feature - mean) / scale.
    weights, bias
        (D, C) and (C,) float32, for such features.
    """

    mean: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]


class Trainee(nn.Module):
    """The tail of a backbone and a head, from activations at a cut to class scores.

    Parameters
    ----------
    cut
        The name of the last frozen stage, or ``pixels``.
    start
        The head to begin with.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, graph: Graph, spec: BackboneSpec, cut: str, start: FirstHead, recipe: Recipe) -> None:
        super().__init__()
        self._is_whole = cut == PIXELS_CUT
        below = "pixels" if self._is_whole else spec.find_stage(cut).tensor
        self.tail = Tail(
            graph, below, "features", is_norm_trained=recipe.is_norm_trained,
            repeated=_list_large(spec, cut) if recipe.is_norm_trained else (),
        )  # fmt: skip
        self.head = nn.Linear(*start.weights.shape)
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(start.weights.T))
            self.head.bias.copy_(torch.from_numpy(start.bias))
        self.register_buffer("mean", torch.from_numpy(start.mean.astype(np.float32)))
        self.register_buffer("scale", torch.from_numpy(start.scale.astype(np.float32)))

    def forward(self, rows: Tensor) -> Tensor:
        """Return (B, C) scores of (B, H, W, C) activations or pixels."""
        x = rows.float()
        features = self.tail(x if self._is_whole else x.permute(0, 3, 1, 2))
        scores: Tensor = self.head((features - self.mean) / self.scale)
        return scores

    def list_groups(self, spec: BackboneSpec, recipe: Recipe) -> list[dict[str, object]]:
        """Return the parameters for AdamW, grouped by stage and kind, each with its peak rate as ``peak``."""
        ends = {stage.tensor for stage in spec.stages}
        stages: list[list[nn.Module]] = [[]]
        for layer in self.tail.layers:
            stages[-1].append(layer)
            if layer.name in ends:
                stages.append([])
        filled = [stage for stage in stages if any(True for layer in stage for _ in layer.parameters())]
        groups: list[dict[str, object]] = []
        for depth, stage in enumerate(reversed(filled)):
            peak = recipe.learning_rate * recipe.stage_decay**depth
            kernels = [p for layer in stage for p in layer.parameters() if p.ndim > 1]
            others = [p for layer in stage for p in layer.parameters() if p.ndim == 1]
            groups.append({"params": kernels, "peak": peak, "weight_decay": recipe.weight_decay})
            groups.append({"params": others, "peak": peak, "weight_decay": 0.0})
        groups.append({"params": [self.head.weight], "peak": recipe.head_rate, "weight_decay": recipe.weight_decay})
        groups.append({"params": [self.head.bias], "peak": recipe.head_rate, "weight_decay": 0.0})
        return groups

    def export_head(self) -> LinearHead:
        """Return the head for features as they are: shift and scale are put into it."""
        scale, mean = self.scale.double(), self.mean.double()
        weights = self.head.weight.detach().double().T / scale[:, None]
        bias = self.head.bias.detach().double() - mean @ weights
        return LinearHead(*(np.ascontiguousarray(part.float().cpu().numpy()) for part in (weights, bias)))


def _list_large(spec: BackboneSpec, cut: str) -> list[str]:
    """Return the names of the last layers of the stages above a cut whose outputs are large."""
    above = 0 if cut == PIXELS_CUT else spec.stages.index(spec.find_stage(cut)) + 1
    return [stage.tensor for stage in spec.stages[above:] if stage.stride <= LARGE_STRIDE]
