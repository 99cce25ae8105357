"""The training rate of this machine above a cut, measured by a few steps."""

from __future__ import annotations

import torch
from torch.nn import functional as F  # noqa: N812  torch's own habit

from headstart.backbone.backbone import Backbone, BackboneSetup
from headstart.backbone.spec import PIXELS_CUT
from headstart.backbone.timing import time_fastest
from headstart.tune.allocator import keep_freed_memory
from headstart.tune.device import choose_device, compute_exactly
from headstart.tune.graph import read_graph
from headstart.tune.hyperparameters import Hyperparameters
from headstart.tune.tail_and_head import TailAndHead
from headstart.tune.training_plan import FirstHead

BATCH_SIZE = 16
_known: dict[tuple[str, str, int, bool], float] = {}


def measure_training_rate(backbone: Backbone, cut: str, image_size: int, hyperparameters: Hyperparameters) -> float:
    """Return photos per second in training above a cut. Takes 1 to 5 s, and 2 s more if torch is to be imported.

    Each cut, image size and choice of trained norms is measured once per process.
    """
    key = (backbone.spec.weights_sha256, cut, image_size, hyperparameters.is_norm_trained)
    if key not in _known:
        _known[key] = _measure(backbone, cut, image_size, hyperparameters)
    return _known[key]


@compute_exactly()
def _measure(backbone: Backbone, cut: str, image_size: int, hyperparameters: Hyperparameters) -> float:
    device, spec = choose_device(), backbone.spec
    first_head = FirstHead.make_zero(spec.stages[-1].n_channels, 2)
    model = TailAndHead(read_graph(backbone.weights), spec, cut, first_head, hyperparameters).to(device)
    if cut == PIXELS_CUT:
        shape = (image_size, image_size, 3)
    else:
        shape = BackboneSetup(backbone, image_size).find_activation_shape(cut)
    rows = torch.zeros((BATCH_SIZE, *shape), device=device)
    y = torch.zeros(BATCH_SIZE, dtype=torch.int64, device=device)
    model.train()

    def take_step() -> None:
        torch.autograd.backward(F.cross_entropy(model(rows), y))
        model.head.bias.cpu()  # wait for the GPU

    with keep_freed_memory():
        return BATCH_SIZE / time_fastest(take_step)
