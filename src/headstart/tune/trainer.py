"""One training above a cut, step by step: what it learns, how it is judged, and all that it depends on."""

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
from headstart.tune.augmentation import Changes, change_pixels, draw_changes
from headstart.tune.best_epoch import BestEpoch, EpochWeights, copy_state, evaluate_weights
from headstart.tune.checkpoint import Checkpoint
from headstart.tune.device import choose_device, name_device
from headstart.tune.graph import Graph
from headstart.tune.process_group import ProcessGroup
from headstart.tune.result import TuningResult
from headstart.tune.tail_and_head import TailAndHead
from headstart.tune.temperature import compute_log_loss
from headstart.tune.training_data import ActivationSource, TrainingData
from headstart.tune.training_plan import TrainingPlan

BATCH_TO_JUDGE = 32
STEPS_TO_RELEASE = 8  # reading fills memory, and what is kept goes to pieces: both are given back after so many steps


class Trainer:
    """A network that is being trained above a cut, and the running mean of its weights, which is judged and kept.

    Parameters
    ----------
    group
        Its workers each have a trainer of their own. They differ in nothing but the photos that they look at.
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
            model.tail.forget(torch.Generator().manual_seed(plan.seed))
        self._model = model.to(self._device)
        self._moments = self._model.tail.list_moments() if hyperparameters.is_norm_trained else []
        # the running mean of the weights, and what is judged
        self._mean = TailAndHead(graph, spec, plan.cut, plan.first_head, hyperparameters).to(self._device)
        self._mean.load_state_dict(self._model.state_dict())
        self._optimiser = torch.optim.AdamW(self._model.list_parameter_groups(spec, hyperparameters), lr=0.0)
        self.epoch, self._step = 0, 0
        self.history: list[Epoch] = []
        self._seconds: list[float] = []
        self._weight = (plan.train.weight / plan.train.weight.mean()).astype(np.float32)
        first = self._copy_mean() if hyperparameters.is_random else self._judge()
        self.best = BestEpoch(first, is_random=hyperparameters.is_random, n_errors=hyperparameters.n_errors)

    @property
    def steps_per_epoch(self) -> int:
        """How many batches an epoch has."""
        return -(-len(self._plan.train.photos) // self._hyperparameters.batch_size)

    @property
    def is_stuck(self) -> bool:
        """Whether patience is at its end."""
        hyperparameters = self._hyperparameters
        is_late = self.epoch >= max(self.best.found.epoch + hyperparameters.patience, hyperparameters.patient_until)
        return self._plan.validation is not None and is_late

    def learn_epoch(self) -> Iterator[int]:
        """Take the steps of an epoch; yield how many photos are done in all."""
        hyperparameters, train = self._hyperparameters, self._plan.train
        began = time.perf_counter()
        generator = np.random.default_rng([self._plan.seed, self.epoch])
        order = generator.permutation(len(train.photos))
        views = generator.integers(len(self._source.array), size=len(train.photos))
        n_steps = self.steps_per_epoch * hyperparameters.epochs
        self._model.train()
        loss_sum, n_right = 0.0, 0.0
        for first in range(0, len(order), hyperparameters.batch_size):
            at = order[first : first + hyperparameters.batch_size]
            part = self._group.choose_rows(len(at))
            changes = None
            if self._is_pixels:  # drawn for the whole batch by every worker, so that it does not matter how many share
                changes = draw_changes(len(at), generator, n_symmetric=self._plan.n_symmetric).take(part)
            share = len(at[part]) / len(at)
            sums = self._look_at(at[part], views, changes, share) if share else [0.0, 0.0, 0.0]
            loss, plain, n_right_now = self._group.reduce_step(self._model, self._moments, share, sums)
            self._take_step(loss, n_steps)
            loss_sum, n_right = loss_sum + plain, n_right + n_right_now
            if self._step % STEPS_TO_RELEASE == 0:
                self._source.release()
            yield self._step * hyperparameters.batch_size
        self.epoch += 1
        self._seconds.append(time.perf_counter() - began)
        self.history.append(Epoch("Training", self.epoch, n_right / len(order), loss_sum / len(order)))

    def _look_at(
        self, at: npt.NDArray[np.int64], views: npt.NDArray[np.int64], changes: Changes | None, share: float
    ) -> list[float]:
        """Compute the gradients of a batch's loss that come from some of its photos, which are ``share`` of it.

        Return their part of the loss, the sum of their plain losses, and how many were right.
        """
        rows = self._send(self._source.take(views[at], self._plan.train.photos[at]))
        if changes is not None:
            rows = change_pixels(rows, changes)
        y = self._send(self._plan.train.y[at])
        scores = self._model(rows)
        losses = F.cross_entropy(scores, y, reduction="none", label_smoothing=self._hyperparameters.label_smoothing)
        loss = (losses * self._send(self._weight[at])).mean() * share
        torch.autograd.backward(loss)
        with torch.no_grad():
            plain = F.cross_entropy(scores.detach(), y, reduction="sum")
            return [loss.item(), plain.item(), int((scores.argmax(1) == y).sum())]

    def _take_step(self, loss: float, n_steps: int) -> None:
        if not np.isfinite(loss):
            raise FitError("Cannot train above the cut: the loss is not finite any more. Give a lower --learning-rate.")
        share = self._hyperparameters.scale_rate(self._step, n_steps)
        for group in self._optimiser.param_groups:
            group["lr"] = share * group["peak"]
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), self._hyperparameters.max_norm)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)  # now: what the next step keeps is not to lie between them
        self._step += 1
        memory = min(self._hyperparameters.memory, (1 + self._step) / (10 + self._step))
        with torch.no_grad():
            for mean, now in zip(self._mean.state_dict().values(), self._model.state_dict().values(), strict=True):
                mean.lerp_(now, 1 - memory)

    def judge_epoch(self) -> str:
        """Judge the running mean on the validation photos, keep it if it is the best, and say how it went."""
        self._source.release()
        trained = self.history[-1]
        text = f"Epoch {self.epoch}/{self._hyperparameters.epochs}: training {trained.accuracy:.1%}"
        is_best = self.best.offer(self._judge())
        if self._plan.validation is None:
            return text
        return f"{text}, validation {self.history[-1].accuracy:.1%}{', the best so far by its loss' if is_best else ''}"

    def _judge(self) -> EpochWeights:
        """Note how the running mean does on the validation photos."""
        if self._plan.validation is None:
            return self._copy_mean()
        scores, y = self._score(self._plan.validation)
        accuracy = float((scores.argmax(1) == y).mean())
        self.history.append(Epoch("Validation", self.epoch, accuracy, compute_log_loss(scores, y)))
        return evaluate_weights(self._mean, self.epoch, scores, y)

    def _copy_mean(self) -> EpochWeights:
        return EpochWeights(self.epoch, copy_state(self._mean), 1.0, np.zeros(0))

    def _send(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self._device)

    @torch.no_grad()
    def _score(self, data: TrainingData) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Return the running mean's scores, (N, C), for photos as they are, and their classes."""
        self._mean.eval()
        group, n = self._group, len(data.photos)
        scores = np.zeros((n, self._mean.head.out_features), np.float32)
        for first in range(group.rank * BATCH_TO_JUDGE, n, group.size * BATCH_TO_JUDGE):
            photos = data.photos[first : first + BATCH_TO_JUDGE]
            rows = self._source.take(np.zeros(len(photos), np.int64), photos)
            scores[first : first + BATCH_TO_JUDGE] = self._mean(self._send(rows)).cpu().numpy()
        self._source.release()
        return group.gather_rows(scores), data.y

    def pack(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Return all that the next epoch depends on."""
        best = self.best.found
        arrays: dict[str, npt.NDArray[Any]] = {}
        states = {"now": self._model.state_dict(), "mean": self._mean.state_dict(), "best": best.state}
        for kind, state in states.items():
            arrays |= {f"{kind}/{name}": value.cpu().numpy() for name, value in state.items()}
        for number, memory in self._optimiser.state_dict()["state"].items():
            arrays |= {f"adam/{number}/{name}": value.cpu().numpy() for name, value in memory.items()}
        arrays["losses/best"] = best.losses
        record = {
            "epoch": self.epoch, "step": self._step, "best_epoch": best.epoch, "factor": best.factor,
            "history": [[row.data, row.epoch, row.accuracy, row.loss] for row in self.history],
            "seconds": self._seconds,
        }  # fmt: skip
        return arrays, record

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint, if there is one that fits."""
        found = self._group.broadcast(checkpoint.load)
        if found is None:
            return
        arrays, record = found
        parts: dict[str, dict[str, Any]] = {}
        for name, value in arrays.items():
            kind, _, rest = name.partition("/")
            parts.setdefault(kind, {})[rest] = torch.from_numpy(np.array(value))
        memories: dict[int, dict[str, Tensor]] = {}
        parameters = [parameter for group in self._optimiser.param_groups for parameter in group["params"]]
        for name, memory in parts["adam"].items():
            number, _, rest = name.partition("/")
            # laid out as its parameter, or the steps that follow would take another way
            laid_out = torch.empty_like(parameters[int(number)]).copy_(memory) if memory.ndim else memory
            memories.setdefault(int(number), {})[rest] = laid_out
        self._model.load_state_dict(parts["now"])
        self._mean.load_state_dict(parts["mean"])
        self._optimiser.load_state_dict(self._optimiser.state_dict() | {"state": memories})
        self.epoch, self._step = record["epoch"], record["step"]
        losses = arrays["losses/best"]
        self.best.found = EpochWeights(record["best_epoch"], parts["best"], record["factor"], losses)
        self.history = [Epoch(*row) for row in record["history"]]
        self._seconds = record["seconds"]

    def finish(self, *, is_stopped: bool) -> TuningResult:
        """Return the best epoch's weights; the history ends with whole epochs."""
        best = self.best.choose()
        self._mean.load_state_dict(best.state)
        return TuningResult(
            weights=self._mean.tail.export(), head=self._mean.export_head().scale(best.factor),
            history=tuple(self.history), best_epoch=best.epoch, n_epochs=self.epoch, is_stopped=is_stopped,
            seconds_per_epoch=float(np.median(self._seconds)) if self._seconds else 0.0,
            device=self._group.describe(name_device(self._device)), factor=best.factor,
        )  # fmt: skip
