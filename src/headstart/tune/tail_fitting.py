"""Train above a cut: epoch by epoch, with a checkpoint after each, and return the best epoch's weights."""

from __future__ import annotations

from collections.abc import Callable

from headstart.backbone.spec import BackboneSpec
from headstart.evaluation.words import explain_start
from headstart.process.progress import Progress, ignore_progress
from headstart.tune.allocator import keep_freed_memory
from headstart.tune.checkpoint import Checkpoint
from headstart.tune.device import compute_exactly
from headstart.tune.graph import Graph
from headstart.tune.process_group import ProcessGroup
from headstart.tune.result import TuningResult
from headstart.tune.trainer import STEPS_TO_RELEASE, Trainer
from headstart.tune.training_plan import ActivationSource, TrainingPlan


@compute_exactly()
def fit_tail(
    graph: Graph, spec: BackboneSpec, source: ActivationSource, plan: TrainingPlan, *,
    checkpoint: Checkpoint | None = None, group: ProcessGroup | None = None, progress: Progress = ignore_progress,
    say: Callable[[str], None] = lambda _: None,
) -> TuningResult:  # fmt: skip
    """Train the tail (the stages above a cut) and the head.

    Parameters
    ----------
    source
        The activations at the cut.
    checkpoint
        File from which an interrupted training is resumed. Default: none.
    group
        Processes that train together; each calls this with the same arguments. Default: this process alone.

    Raises
    ------
    FitError
        If the loss becomes infinite or not a number.
    """
    group, checkpoint = group or ProcessGroup(), checkpoint or Checkpoint(None)
    if group.rank:
        checkpoint, progress, say = Checkpoint(None), ignore_progress, lambda _: None
    trainer = Trainer(graph, spec, source, plan, group)
    trainer.resume(checkpoint)
    hyperparameters = plan.hyperparameters
    n_epochs, batch_size = hyperparameters.epochs, hyperparameters.batch_size
    if trainer.epoch:
        say(f"Resumed after epoch {trainer.epoch} of {n_epochs} of an earlier training.")
    elif trainer.history:
        say(f"Start: validation {trainer.history[0].accuracy:.1%}")
    n_total = trainer.steps_per_epoch * n_epochs * batch_size
    with group.listen_for_stop() as is_stopped, keep_freed_memory() as give_back:
        while trainer.epoch < n_epochs and not trainer.is_out_of_patience and not is_stopped():
            for n_done in trainer.train_epoch():
                progress(min(n_done, n_total), n_total)
                if n_done % (STEPS_TO_RELEASE * batch_size) == 0:
                    give_back()
                if is_stopped():
                    break
            else:
                give_back()
                say(trainer.evaluate_epoch())
                give_back()
                checkpoint.save(*trainer.pack())
        is_cut_short = is_stopped() and trainer.epoch < n_epochs and not trainer.is_out_of_patience
    if is_cut_short:
        say(f"Stopped after {trainer.epoch} of {n_epochs} epochs.")
    result = trainer.finish(is_stopped=is_cut_short)
    if result.best_epoch < trainer.best.found.epoch:
        say(f"The start is kept: {explain_start(hyperparameters.n_errors)}.")
    return result
