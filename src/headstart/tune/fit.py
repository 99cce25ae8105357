"""Train above a cut: epoch after epoch, the best one kept, and never lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  torch's own habit

from headstart.backbone.spec import BackboneSpec
from headstart.errors import FitError
from headstart.head.history import Epoch
from headstart.progress import Progress, ignore_progress
from headstart.stopping import listen_for_ctrl_c
from headstart.tune.augmenting import augment_pixels
from headstart.tune.best import Best, Candidate, copy_state, judge
from headstart.tune.checkpoint import Checkpoint
from headstart.tune.device import choose_device, compute_exactly, name_device
from headstart.tune.freed_memory import keep_freed_memory
from headstart.tune.graph import Graph
from headstart.tune.lesson import Lesson, Source
from headstart.tune.recipe import Recipe
from headstart.tune.temperature import compute_log_loss
from headstart.tune.trainee import FirstHead, Trainee
from headstart.tune.tuned import Tuned

BATCH_TO_JUDGE = 32
STEPS_TO_RELEASE = 8  # reading fills memory, and what is kept goes to pieces: both are given back after so many steps


@compute_exactly()
def fit_tail(
    graph: Graph,
    spec: BackboneSpec,
    source: Source,
    *,
    cut: str,
    recipe: Recipe,
    start: FirstHead,
    train: Lesson,
    validation: Lesson | None,
    seed: int,
    n_symmetric: int = 1,
    checkpoint: Checkpoint | None = None,
    progress: Progress = ignore_progress,
    say: Callable[[str], None] = lambda _: None,
) -> Tuned:
    """Train the stages above a cut and the head.

    Parameters
    ----------
    graph, spec
        Of the backbone.
    source
        The activations at the cut.
    start
        The head to begin with. With pretrained weights the start is the first candidate for the best epoch.
    validation
        Photos to watch: the epoch with the least log loss on them, after its scores are scaled to be as confident as
        they should, is kept and so scaled, if it betters the start by more than noise, see `Recipe`. Without any, the
        last one is kept, as it is.
    seed
        Of the order of photos, their views and changes, and random weights. Each epoch draws anew from seed and number,
        so that one which is resumed draws the same.
    n_symmetric
        How many symmetric views of a photo are as good as the photo, see `augment_pixels`.

    Raises
    ------
    FitError
        If the loss is not finite any more.
    """
    trainer = _Trainer(graph, spec, source, cut, recipe, start, train, validation, seed, n_symmetric)
    checkpoint = checkpoint or Checkpoint(None)
    trainer.resume(checkpoint)
    if trainer.epoch:
        say(f"Going on after epoch {trainer.epoch} of {recipe.epochs}, which an earlier training came to.")
    elif trainer.history:
        say(f"Start: validation {trainer.history[0].accuracy:.1%}")
    n_steps = trainer.steps_per_epoch * recipe.epochs * recipe.batch_size
    with listen_for_ctrl_c() as is_stopped, keep_freed_memory() as give_back:
        while trainer.epoch < recipe.epochs and not trainer.is_stuck and not is_stopped():
            for n_done in trainer.learn_epoch():
                progress(min(n_done, n_steps), n_steps)
                if n_done % (STEPS_TO_RELEASE * recipe.batch_size) == 0:
                    give_back()
                if is_stopped():
                    break
            else:
                give_back()
                say(trainer.judge_epoch())
                give_back()
                checkpoint.save(*trainer.pack())
        is_cut_short = is_stopped() and trainer.epoch < recipe.epochs and not trainer.is_stuck
    if is_cut_short:
        say(f"Stopped by Ctrl-C after {trainer.epoch} of {recipe.epochs} epochs.")
    tuned = trainer.finish(is_stopped=is_cut_short)
    if tuned.best_epoch < trainer.best.found.epoch:
        say("The start is kept: no epoch was better by more than noise.")
    return tuned


class _Trainer:
    def __init__(
        self, graph: Graph, spec: BackboneSpec, source: Source, cut: str, recipe: Recipe, start: FirstHead,
        train: Lesson, validation: Lesson | None, seed: int, n_symmetric: int,
    ) -> None:  # fmt: skip
        self._source, self._recipe, self._train, self._validation = source, recipe, train, validation
        self._seed, self._n_symmetric = seed, n_symmetric
        self._is_pixels = source.array.dtype == np.uint8
        self._device = choose_device()
        trainee = Trainee(graph, spec, cut, start, recipe)
        if recipe.is_random:
            trainee.tail.forget(torch.Generator().manual_seed(seed))
        self._trainee = trainee.to(self._device)
        self._mean = Trainee(graph, spec, cut, start, recipe).to(
            self._device
        )  # the running mean of the weights, and what is judged
        self._mean.load_state_dict(self._trainee.state_dict())
        self._optimiser = torch.optim.AdamW(self._trainee.list_groups(spec, recipe), lr=0.0)
        self.epoch, self._step = 0, 0
        self.history: list[Epoch] = []
        self._seconds: list[float] = []
        self._weight = (train.weight / train.weight.mean()).astype(np.float32)
        first = self._copy_mean() if recipe.is_random else self._judge()
        self.best = Best(first, is_random=recipe.is_random, n_errors=recipe.n_errors)

    @property
    def steps_per_epoch(self) -> int:
        return -(-len(self._train.photos) // self._recipe.batch_size)

    @property
    def is_stuck(self) -> bool:
        recipe = self._recipe
        is_late = self.epoch >= max(self.best.found.epoch + recipe.patience, recipe.patient_until)
        return self._validation is not None and is_late

    def learn_epoch(self) -> Iterator[int]:
        """Take the steps of an epoch; yield how many photos are done in all."""
        recipe, train = self._recipe, self._train
        began = time.perf_counter()
        generator = np.random.default_rng([self._seed, self.epoch])
        order = generator.permutation(len(train.photos))
        views = generator.integers(len(self._source.array), size=len(train.photos))
        n_steps = self.steps_per_epoch * recipe.epochs
        self._trainee.train()
        loss_sum, n_right = 0.0, 0
        for first in range(0, len(order), recipe.batch_size):
            at = order[first : first + recipe.batch_size]
            rows = self._send(self._source.take(views[at], train.photos[at]))
            if self._is_pixels:
                rows = augment_pixels(rows, generator, n_symmetric=self._n_symmetric)
            y = self._send(train.y[at])
            scores = self._trainee(rows)
            losses = F.cross_entropy(scores, y, reduction="none", label_smoothing=recipe.label_smoothing)
            self._take_step((losses * self._send(self._weight[at])).mean(), n_steps)
            with torch.no_grad():
                plain = F.cross_entropy(scores.detach(), y, reduction="sum")
                n_right += int((scores.argmax(1) == y).sum())
            loss_sum += plain.item()
            if self._step % STEPS_TO_RELEASE == 0:
                self._source.release()
            yield self._step * recipe.batch_size
        self.epoch += 1
        self._seconds.append(time.perf_counter() - began)
        self.history.append(Epoch("Training", self.epoch, n_right / len(order), loss_sum / len(order)))

    def _take_step(self, loss: Tensor, n_steps: int) -> None:
        if not torch.isfinite(loss):
            raise FitError("Cannot train above the cut: the loss is not finite any more. Give a lower --learning-rate.")
        share = self._recipe.scale_rate(self._step, n_steps)
        for group in self._optimiser.param_groups:
            group["lr"] = share * group["peak"]
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self._trainee.parameters(), self._recipe.max_norm)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)  # now: what the next step keeps is not to lie between them
        self._step += 1
        memory = min(self._recipe.memory, (1 + self._step) / (10 + self._step))
        with torch.no_grad():
            for mean, now in zip(self._mean.state_dict().values(), self._trainee.state_dict().values(), strict=True):
                mean.lerp_(now, 1 - memory)

    def judge_epoch(self) -> str:
        """Judge the running mean on the validation photos, keep it if it is the best, and say how it went."""
        self._source.release()
        trained = self.history[-1]
        text = f"Epoch {self.epoch}/{self._recipe.epochs}: training {trained.accuracy:.1%}"
        is_best = self.best.offer(self._judge())
        if self._validation is None:
            return text
        return f"{text}, validation {self.history[-1].accuracy:.1%}{', the best so far by its loss' if is_best else ''}"

    def _judge(self) -> Candidate:
        """Note how the running mean does on the validation photos."""
        if self._validation is None:
            return self._copy_mean()
        scores, y = self._score(self._validation)
        accuracy = float((scores.argmax(1) == y).mean())
        self.history.append(Epoch("Validation", self.epoch, accuracy, compute_log_loss(scores, y)))
        return judge(self._mean, self.epoch, scores, y)

    def _copy_mean(self) -> Candidate:
        return Candidate(self.epoch, copy_state(self._mean), 1.0, np.zeros(0))

    def _send(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self._device)

    @torch.no_grad()
    def _score(self, lesson: Lesson) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Return the running mean's scores, (N, C), for photos as they are, and their classes."""
        self._mean.eval()
        scores = []
        for first in range(0, len(lesson.photos), BATCH_TO_JUDGE):
            photos = lesson.photos[first : first + BATCH_TO_JUDGE]
            rows = self._source.take(np.zeros(len(photos), np.int64), photos)
            scores.append(self._mean(self._send(rows)).cpu().numpy())
        self._source.release()
        return np.concatenate(scores), lesson.y

    def pack(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Return all that the next epoch depends on."""
        best = self.best.found
        arrays: dict[str, npt.NDArray[Any]] = {}
        for kind, state in (
            ("now", self._trainee.state_dict()),
            ("mean", self._mean.state_dict()),
            ("best", best.state),
        ):
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
        found = checkpoint.load()
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
        self._trainee.load_state_dict(parts["now"])
        self._mean.load_state_dict(parts["mean"])
        self._optimiser.load_state_dict(self._optimiser.state_dict() | {"state": memories})
        self.epoch, self._step = record["epoch"], record["step"]
        losses = arrays["losses/best"]
        self.best.found = Candidate(record["best_epoch"], parts["best"], record["factor"], losses)
        self.history = [Epoch(*row) for row in record["history"]]
        self._seconds = record["seconds"]

    def finish(self, *, is_stopped: bool) -> Tuned:
        """Return the best epoch's weights; the history ends with whole epochs."""
        best = self.best.choose()
        self._mean.load_state_dict(best.state)
        return Tuned(
            self._mean.tail.export(), self._mean.export_head().scale(best.factor), tuple(self.history), best.epoch,
            self.epoch, is_stopped, float(np.median(self._seconds)) if self._seconds else 0.0,
            name_device(self._device), best.factor,
        )  # fmt: skip
