"""One training above a cut: its steps, its evaluation after each epoch, and its state for a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  torch's own habit

from headstart.backbone.spec import BackboneSpec
from headstart.errors import FitError
from headstart.head.history import Epoch
from headstart.head.temperature import compute_log_losses
from headstart.tune.adamw import AdamW
from headstart.tune.augmentation import Augmentation, apply_augmentation, draw_augmentation
from headstart.tune.best_epoch import BestEpoch, EpochWeights, copy_state, evaluate_weights
from headstart.tune.checkpoint import Checkpoint
from headstart.tune.device import choose_device, name_device
from headstart.tune.graph import Graph
from headstart.tune.process_group import ProcessGroup
from headstart.tune.result import TuningResult
from headstart.tune.tail_and_head import TailAndHead, resize_rows
from headstart.tune.training_plan import ActivationSource, TrainingData, TrainingPlan

EVALUATION_BATCH = 32  # photos
STEPS_TO_RELEASE = 8  # after this many steps, memory that reading filled and memory that fragmented are released


class Trainer:
    """A model (tail and head) in training, and the running mean of its weights, which is evaluated and returned.

    Parameters
    ----------
    group
        Processes that train together. Each has a trainer of its own, which differs only in the photos that it reads.
    """

    def __init__(
        self, graph: Graph, spec: BackboneSpec, source: ActivationSource, plan: TrainingPlan, group: ProcessGroup
    ) -> None:
        self._source, self._plan, self._group = source, plan, group
        self._hyperparameters = hyperparameters = plan.hyperparameters
        self._is_pixels = source.array.dtype == np.uint8
        self._device = choose_device()
        model = TailAndHead(graph, spec, plan.cut, plan.first_head, hyperparameters)
        if hyperparameters.is_random:
            model.tail.randomise(torch.Generator().manual_seed(plan.seed))
        self._model = model.to(self._device)
        self._moments = self._model.tail.list_moments() if hyperparameters.is_norm_trained else []
        self._mean = TailAndHead(graph, spec, plan.cut, plan.first_head, hyperparameters).to(self._device)
        self._mean.load_state_dict(self._model.state_dict())
        self._optimiser = AdamW(self._model.list_parameter_groups(spec, hyperparameters), hyperparameters.second_decay)
        pairs = zip(self._mean.state_dict().values(), self._model.state_dict().values(), strict=True)
        self._pairs = [(mean, now) for mean, now in pairs if mean.is_floating_point()]
        side = source.array.shape[2]
        self._side = side if self._model.accepts_other_sides(source.array.shape[2:], hyperparameters) else None
        self.epoch, self._step = 0, 0
        self.history: list[Epoch] = []
        self._seconds: list[float] = []
        self._weight = (plan.train.weight / plan.train.weight.mean()).astype(np.float32)
        first = self._copy_mean() if hyperparameters.is_random else self._evaluate()
        self.best = BestEpoch(first, is_random=hyperparameters.is_random, n_errors=hyperparameters.n_errors)

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches per epoch."""
        return -(-len(self._plan.train.photos) // self._hyperparameters.batch_size)

    @property
    def _n_steps(self) -> int:
        return self.steps_per_epoch * self._hyperparameters.epochs

    @property
    def is_out_of_patience(self) -> bool:
        """Whether training should stop early: too many epochs passed without a new best."""
        hyperparameters = self._hyperparameters
        is_late = self.epoch >= max(self.best.found.epoch + hyperparameters.patience, hyperparameters.patient_until)
        return self._plan.validation is not None and is_late

    def train_epoch(self) -> Iterator[int]:
        """Take the steps of an epoch. Yield the number of photos since the start of training after each step."""
        hyperparameters, train = self._hyperparameters, self._plan.train
        began = time.perf_counter()
        generator = np.random.default_rng([self._plan.seed, self.epoch])
        order = generator.permutation(len(train.photos))
        views = generator.integers(len(self._source.array), size=len(train.photos))
        self._model.train()
        loss_sum, n_right = 0.0, 0.0
        for first in range(0, len(order), hyperparameters.batch_size):
            at = order[first : first + hyperparameters.batch_size]
            part = self._group.choose_rows(len(at))
            augmentation = None
            if self._is_pixels:  # every process draws for the whole batch, so that their number changes nothing
                augmentation = draw_augmentation(len(at), generator, n_symmetric=self._plan.n_symmetric).take(part)
            share = len(at[part]) / len(at)
            sums = self._compute_gradients(at[part], views, augmentation, share) if share else [0.0, 0.0, 0.0]
            loss, plain, n_right_now = self._group.reduce_step(self._model, self._moments, share, sums)
            self._take_step(loss)
            loss_sum, n_right = loss_sum + plain, n_right + n_right_now
            if self._step % STEPS_TO_RELEASE == 0:
                self._source.release()
            yield self._step * hyperparameters.batch_size
        self.epoch += 1
        self._seconds.append(time.perf_counter() - began)
        self.history.append(Epoch("Training", self.epoch, n_right / len(order), loss_sum / len(order)))

    def _compute_gradients(
        self, at: npt.NDArray[np.int64], views: npt.NDArray[np.int64], augmentation: Augmentation | None, share: float
    ) -> list[float]:
        """Compute the gradients of those photos of a batch that this process has.

        ``share`` is their share of the batch. Return their part of the batch's loss, the sum of their losses without
        weights and label smoothing, and the number of photos that the model classifies correctly.
        """
        rows = self._send(self._source.take(views[at], self._plan.train.photos[at]))
        if augmentation is not None:
            rows = apply_augmentation(rows, augmentation)
        if self._side is not None:
            rows = resize_rows(rows, self._hyperparameters.choose_side(self._side, self._step, self._n_steps))
        y = self._send(self._plan.train.y[at])
        scores = self._model(rows)
        losses = F.cross_entropy(scores, y, reduction="none", label_smoothing=self._hyperparameters.label_smoothing)
        loss = (losses * self._send(self._weight[at])).mean() * share
        torch.autograd.backward(loss)
        with torch.no_grad():
            plain = F.cross_entropy(scores.detach(), y, reduction="sum")
            return [loss.item(), plain.item(), int((scores.argmax(1) == y).sum())]

    def _take_step(self, loss: float) -> None:
        if not np.isfinite(loss):
            raise FitError("Cannot train above the cut: the loss is not finite. Give a lower --learning-rate.")
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), self._hyperparameters.max_norm)
        self._optimiser.step(self._hyperparameters.scale_rate(self._step, self._n_steps))
        self._step += 1
        decay = min(self._hyperparameters.memory, (1 + self._step) / (10 + self._step))
        with torch.no_grad():
            for mean, now in self._pairs:
                mean.lerp_(now, 1 - decay)

    def evaluate_epoch(self) -> str:
        """Evaluate the running mean on the validation photos, and keep it if it is the best. Return a line to print."""
        self._source.release()
        trained = self.history[-1]
        text = f"Epoch {self.epoch}/{self._hyperparameters.epochs}: training {trained.accuracy:.1%}"
        is_best = self.best.offer(self._evaluate())
        if self._plan.validation is None:
            return text
        told = ", the best epoch so far by its loss" if is_best else ""
        return f"{text}, validation {self.history[-1].accuracy:.1%}{told}"

    def _evaluate(self) -> EpochWeights:
        """Return the running mean with its validation losses, and add a row to the history."""
        if self._plan.validation is None:
            return self._copy_mean()
        scores, y = self._score(self._plan.validation)
        accuracy = float((scores.argmax(1) == y).mean())
        self.history.append(Epoch("Validation", self.epoch, accuracy, float(compute_log_losses(scores, y).mean())))
        return evaluate_weights(self._mean, self.epoch, scores, y)

    def _copy_mean(self) -> EpochWeights:
        return EpochWeights(self.epoch, copy_state(self._mean), 1.0, np.zeros(0))

    def _send(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self._device)

    @torch.no_grad()
    def _score(self, data: TrainingData) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Return the (N, C) scores of the running mean for photos as they are, and their class numbers."""
        self._mean.eval()
        group, n = self._group, len(data.photos)
        scores = np.zeros((n, self._mean.head.out_features), np.float32)
        for first in range(group.rank * EVALUATION_BATCH, n, group.size * EVALUATION_BATCH):
            photos = data.photos[first : first + EVALUATION_BATCH]
            rows = self._source.take(np.zeros(len(photos), np.int64), photos)
            scores[first : first + EVALUATION_BATCH] = self._mean(self._send(rows)).cpu().numpy()
        self._source.release()
        return group.gather_rows(scores), data.y

    def pack(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Return the state that the next epoch depends on, for a checkpoint."""
        best = self.best.found
        arrays: dict[str, npt.NDArray[Any]] = {}
        states = {"now": self._model.state_dict(), "mean": self._mean.state_dict(), "best": best.state}
        for kind, state in states.items():
            arrays |= {f"{kind}/{name}": value.cpu().numpy() for name, value in state.items()}
        arrays |= {f"adam/{name}": value.cpu().numpy() for name, value in self._optimiser.list_state().items()}
        arrays["losses/best"] = best.losses
        record = {
            "epoch": self.epoch, "step": self._step, "best_epoch": best.epoch, "factor": best.factor,
            "history": [[row.data, row.epoch, row.accuracy, row.loss] for row in self.history],
            "seconds": self._seconds,
        }  # fmt: skip
        return arrays, record

    def resume(self, checkpoint: Checkpoint) -> None:
        """Restore the state of a checkpoint, if there is one."""
        found = self._group.broadcast(checkpoint.load)
        if found is None:
            return
        arrays, record = found
        parts: dict[str, dict[str, Any]] = {}
        for name, value in arrays.items():
            kind, _, rest = name.partition("/")
            parts.setdefault(kind, {})[rest] = torch.from_numpy(np.array(value))
        self._model.load_state_dict(parts["now"])
        self._mean.load_state_dict(parts["mean"])
        self._optimiser.load_state(parts["adam"])
        self.epoch, self._step = record["epoch"], record["step"]
        losses = arrays["losses/best"]
        self.best.found = EpochWeights(record["best_epoch"], parts["best"], record["factor"], losses)
        self.history = [Epoch(*row) for row in record["history"]]
        self._seconds = record["seconds"]

    def finish(self, *, is_stopped: bool) -> TuningResult:
        """Return the weights of the best epoch, with the history of all whole epochs."""
        best = self.best.choose()
        self._mean.load_state_dict(best.state)
        return TuningResult(
            weights=self._mean.tail.export(), head=self._mean.export_head().scale(best.factor),
            history=tuple(self.history), best_epoch=best.epoch, n_epochs=self.epoch, is_stopped=is_stopped,
            seconds_per_epoch=float(np.median(self._seconds)) if self._seconds else 0.0,
            device=self._group.describe(name_device(self._device)), factor=best.factor,
        )  # fmt: skip
