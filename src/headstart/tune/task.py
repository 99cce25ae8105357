"""A training above a cut as one thing, which can be carried out here or sent to where it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbone.backbone import Backbone
from headstart.features.activations import Activations, open_activations
from headstart.features.extraction import PhotoFile
from headstart.pixels.views import View
from headstart.process.progress import Progress, ignore_progress
from headstart.tune.checkpoint import Checkpoint

if TYPE_CHECKING:
    from headstart.tune.hyperparameters import Recipe
    from headstart.tune.process_group import Team
    from headstart.tune.result import Tuned
    from headstart.tune.trainable import FirstHead
    from headstart.tune.training_data import Lesson


@dataclass(frozen=True, eq=False)
class TuningTask:
    """All that decides a training above a cut. It is small: photos are told by their paths, activations not at all.

    Attributes
    ----------
    photos, cut, image_size, views, precision, limit_bytes, is_kept
        As `open_activations`.
    recipe, start, train, validation, seed, n_symmetric
        As `fit_tail`; lessons have numbers of ``photos``.
    checkpoint
        The name of the file that an interrupted training goes on from, or None.
    """

    photos: Sequence[PhotoFile]
    backbone: Backbone
    cut: str
    image_size: int
    views: tuple[View, ...]
    precision: str
    limit_bytes: int
    is_kept: bool
    recipe: Recipe
    start: FirstHead
    train: Lesson
    validation: Lesson | None
    seed: int
    n_symmetric: int
    checkpoint: str | None

    def open(self, progress: Progress = ignore_progress) -> Activations:
        """Compute the activations to train on, or find them in this machine's cache.

        Raises
        ------
        CacheError, PhotoError
            As `open_activations`.
        """
        return open_activations(
            self.photos, self.backbone, cut=self.cut, image_size=self.image_size, views=self.views,
            precision=self.precision, limit_bytes=self.limit_bytes, is_kept=self.is_kept, progress=progress,
        )  # fmt: skip

    def fit(
        self, activations: Activations, *, team: Team | None = None, progress: Progress = ignore_progress,
        say: Callable[[str], None] = lambda _: None,
    ) -> Tuned:  # fmt: skip
        """Train on them, as one of a team or alone; see `fit_tail`."""
        from headstart.tune.graph import read_graph
        from headstart.tune.tail_fitting import fit_tail

        return fit_tail(
            read_graph(self.backbone.weights), self.backbone.spec, activations, cut=self.cut, recipe=self.recipe,
            start=self.start, train=self.train, validation=self.validation, seed=self.seed,
            n_symmetric=self.n_symmetric, checkpoint=Checkpoint(self.checkpoint), team=team, progress=progress,
            say=say,
        )  # fmt: skip
