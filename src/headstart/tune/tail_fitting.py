"""Train above a cut: epoch after epoch, the best one kept, and never lost."""

from __future__ import annotations

from collections.abc import Callable

from headstart.backbone.spec import BackboneSpec
from headstart.process.progress import Progress, ignore_progress
from headstart.tune.allocator import keep_freed_memory
from headstart.tune.checkpoint import Checkpoint
from headstart.tune.device import compute_exactly
from headstart.tune.graph import Graph
from headstart.tune.hyperparameters import Recipe
from headstart.tune.process_group import Team
from headstart.tune.result import Tuned
from headstart.tune.trainable import FirstHead
from headstart.tune.trainer import STEPS_TO_RELEASE, Trainer
from headstart.tune.training_data import Lesson, Source


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
    team: Team | None = None,
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
    team
        The workers that train together, all of which call this with the same. Default: this process, alone.

    Raises
    ------
    FitError
        If the loss is not finite any more.
    """
    team, checkpoint = team or Team(), checkpoint or Checkpoint(None)
    if team.rank:
        checkpoint, progress, say = Checkpoint(None), ignore_progress, _say_nothing
    trainer = Trainer(graph, spec, source, cut, recipe, start, train, validation, seed, n_symmetric, team)
    trainer.resume(checkpoint)
    if trainer.epoch:
        say(f"Going on after epoch {trainer.epoch} of {recipe.epochs}, which an earlier training came to.")
    elif trainer.history:
        say(f"Start: validation {trainer.history[0].accuracy:.1%}")
    n_steps = trainer.steps_per_epoch * recipe.epochs * recipe.batch_size
    with team.listen() as is_stopped, keep_freed_memory() as give_back:
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


def _say_nothing(text: str) -> None:
    del text
