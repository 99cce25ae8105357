"""The trainable module: the tail (the layers above a cut), and a linear head on its features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  torch's own habit

from headstart.backbone.spec import PIXELS_CUT, BackboneSpec
from headstart.head.linear import LinearHead
from headstart.tune.graph import Graph
from headstart.tune.hyperparameters import Hyperparameters
from headstart.tune.network import Tail
from headstart.tune.training_plan import FirstHead

# Trained batch norms keep their inputs for the backward pass, which doubles the memory. Most of it is in the stages of
# stride 16 or less.
LARGE_STRIDE = 16


class TailAndHead(nn.Module):
    """Tail and head of a network: activations at a cut become class scores. For the parameters see `TrainingPlan`."""

    mean: Tensor
    scale: Tensor

    def __init__(
        self, graph: Graph, spec: BackboneSpec, cut: str, first_head: FirstHead, hyperparameters: Hyperparameters
    ) -> None:
        super().__init__()
        self._is_whole = cut == PIXELS_CUT
        below = "pixels" if self._is_whole else spec.find_stage(cut).tensor
        self.tail = Tail(
            graph, below, "features", is_norm_trained=hyperparameters.is_norm_trained,
            recomputed=_list_large(spec, cut) if hyperparameters.is_norm_trained else (),
        )  # fmt: skip
        self.head = nn.Linear(*first_head.weights.shape)
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(first_head.weights.T))
            self.head.bias.copy_(torch.from_numpy(first_head.bias))
        self.register_buffer("mean", torch.from_numpy(first_head.mean.astype(np.float32)))
        self.register_buffer("scale", torch.from_numpy(first_head.scale.astype(np.float32)))

    def forward(self, rows: Tensor) -> Tensor:
        """Return the (B, C) scores of (B, H, W, C) activations or pixels."""
        x = rows.float()
        features = self.tail(x if self._is_whole else x.permute(0, 3, 1, 2))
        scores: Tensor = self.head((features - self.mean) / self.scale)
        return scores

    @torch.no_grad()
    def accepts_other_sides(self, shape: Sequence[int], hyperparameters: Hyperparameters) -> bool:
        """Say whether training is to use smaller activations, and the network takes them.

        A network with a layer of a fixed shape takes only activations of its own (H, W, C) ``shape``.
        """
        if hyperparameters.first_side == 1:
            return False
        was_training = self.training
        self.eval()
        rows = torch.zeros((1, *shape), device=self.mean.device)
        try:
            self(resize_rows(rows, hyperparameters.choose_side(shape[0], 0, 1)))
        except (RuntimeError, IndexError):  # of many layers
            return False
        finally:
            self.train(was_training)
        return True

    def list_parameter_groups(self, spec: BackboneSpec, hyperparameters: Hyperparameters) -> list[dict[str, object]]:
        """Return AdamW's parameter groups, one per stage and kind, each with its peak learning rate as ``peak``."""
        ends = {stage.tensor for stage in spec.stages}
        stages: list[list[nn.Module]] = [[]]
        for layer in self.tail.layers:
            stages[-1].append(layer)
            if layer.name in ends:
                stages.append([])
        filled = [stage for stage in stages if any(True for layer in stage for _ in layer.parameters())]
        groups: list[dict[str, object]] = []
        decay = hyperparameters.weight_decay
        for depth, stage in enumerate(reversed(filled)):
            peak = hyperparameters.learning_rate * hyperparameters.stage_decay**depth
            kernels = [p for layer in stage for p in layer.parameters() if p.ndim > 1]
            others = [p for layer in stage for p in layer.parameters() if p.ndim == 1]
            groups.append({"params": kernels, "peak": peak, "weight_decay": decay})
            groups.append({"params": others, "peak": peak, "weight_decay": 0.0})
        groups.append({"params": [self.head.weight], "peak": hyperparameters.head_rate, "weight_decay": decay})
        groups.append({"params": [self.head.bias], "peak": hyperparameters.head_rate, "weight_decay": 0.0})
        return groups

    def export_head(self) -> LinearHead:
        """Return the head for features that are not standardised: it contains the mean and the scale."""
        scale, mean = self.scale.double(), self.mean.double()
        weights = self.head.weight.detach().double().T / scale[:, None]
        bias = self.head.bias.detach().double() - mean @ weights
        return LinearHead(*(np.ascontiguousarray(part.float().cpu().numpy()) for part in (weights, bias)))


def resize_rows(rows: Tensor, side: int) -> Tensor:
    """Return (B, H, W, C) activations or pixels as (B, ``side``, ``side``, C) float32, by bilinear interpolation."""
    if rows.shape[1] == side:
        return rows
    x = F.interpolate(rows.float().permute(0, 3, 1, 2), (side, side), mode="bilinear", align_corners=False)
    return x.permute(0, 2, 3, 1)


def _list_large(spec: BackboneSpec, cut: str) -> list[str]:
    """Return the last layers of those stages above a cut that need much memory."""
    above = 0 if cut == PIXELS_CUT else spec.stages.index(spec.find_stage(cut)) + 1
    return [stage.tensor for stage in spec.stages[above:] if stage.stride <= LARGE_STRIDE]
