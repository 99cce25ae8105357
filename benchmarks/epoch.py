"""An epoch of training above a cut, against one of the whole network, and against Keras.

The median of three epochs with 160 photos of noise at 224 px in batches of 32, the embedded weights, and frozen batch
normalisation. `hybrid` trains from decoded activations at its default cut, `finetune` from augmented pixels. Keras
trains the same layers from the same pixels, without augmentation, with Adam.
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from harness import ROOT, Claim, publish, run_process
from headstart.backbone.loading import load_backbone
from headstart.tune.graph import read_graph
from headstart.tune.hyperparameters import HYPERPARAMETERS
from headstart.tune.torch_import import limit_spinning
from headstart.tune.training_plan import FirstHead, TrainingData, TrainingPlan

SIZE_PX = 224
N_PHOTOS = 160
RIVAL = ROOT / "benchmarks" / "rivals" / "keras_finetune.py"
PYTHON = ROOT / ".venv-keras" / "bin" / "python"


class Noise:
    """Activations of photos that show nothing."""

    def __init__(self, shape: tuple[int, ...], dtype: type) -> None:
        generator = np.random.default_rng(0)
        self.array = (generator.random((1, N_PHOTOS, *shape)) * (255 if dtype is np.uint8 else 1)).astype(dtype)

    def take(self, views: np.ndarray, photos: np.ndarray) -> np.ndarray:
        """Return activations of some photos."""
        return self.array[views, photos]

    def release(self) -> None:
        """Do nothing: they lie in memory."""


def measure_epoch(method: str) -> float:
    """Return the seconds of an epoch."""
    limit_spinning()  # before torch is imported, as in every training
    from headstart.tune.tail_fitting import fit_tail

    backbone = load_backbone()
    spec, numbers = backbone.spec, np.arange(N_PHOTOS)
    if method == "hybrid":
        stage = spec.find_stage(spec.default_cut)
        side = SIZE_PX // stage.stride
        source, cut = Noise((side, side, stage.n_channels), np.float16), stage.name
    else:
        source, cut = Noise((SIZE_PX, SIZE_PX, 3), np.uint8), "pixels"
    plan = TrainingPlan(
        cut=cut, hyperparameters=replace(HYPERPARAMETERS[method], epochs=3),
        first_head=FirstHead.make_zero(spec.n_features, 2),
        train=TrainingData(numbers, numbers % 2, np.ones(N_PHOTOS)), validation=None, seed=0,
    )  # fmt: skip
    return fit_tail(read_graph(backbone.weights), spec, source, plan).seconds_per_epoch


def main() -> None:
    """Measure the three."""
    seconds = {method: measure_epoch(method) for method in ("hybrid", "finetune")}
    rows = [[name, f"{s:.2f}", f"{N_PHOTOS / s:.0f}"] for name, s in seconds.items()]
    claims = [Claim("finetune epoch / hybrid epoch", seconds["finetune"] / seconds["hybrid"], 3)]
    if PYTHON.exists():
        told = json.loads(run_process([str(PYTHON), str(RIVAL), str(N_PHOTOS), str(SIZE_PX)]).output.splitlines()[-1])
        rows.append(["Keras, the same", f"{told['seconds']:.2f}", f"{N_PHOTOS / told['seconds']:.0f}"])
        claims.append(Claim("Keras' epoch / finetune epoch", told["seconds"] / seconds["finetune"], 1))
    publish(__doc__, ["training", "seconds an epoch", "photos / s"], rows, claims)


if __name__ == "__main__":
    main()
