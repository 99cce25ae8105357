"""A training above a cut as one small value, which runs here or is sent to a worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbone.backbone import BackboneSetup
from headstart.features.activations import Activations, open_activations
from headstart.features.extraction import PhotoFile
from headstart.features.fresh_activations import FreshActivations
from headstart.pixels.views import View, ViewChoice
from headstart.process.progress import Progress, ignore_progress
from headstart.tune.checkpoint import Checkpoint
from headstart.tune.training_plan import TrainingPlan

if TYPE_CHECKING:
    from headstart.tune.process_group import ProcessGroup
    from headstart.tune.result import TuningResult


@dataclass(frozen=True, eq=False, kw_only=True)
class TuningTask:
    """All that decides a training above a cut. It holds paths of photos, neither pixels nor activations.

    Attributes
    ----------
    photos, views, limit_bytes, cache
        As `open_activations`.
    plan
        The training itself. Its data name photos by their index in ``photos``.
    checkpoint
        Name of the file from which an interrupted training is resumed. None: no checkpoint.
    """

    photos: Sequence[PhotoFile]
    setup: BackboneSetup
    views: tuple[View | ViewChoice, ...]
    plan: TrainingPlan
    limit_bytes: int
    cache: bool
    checkpoint: str | None

    def open(self, progress: Progress = ignore_progress, fresh: FreshActivations | None = None) -> Activations:
        """Compute the activations to train on, or find them in the cache of this machine; see `open_activations`."""
        return open_activations(
            self.photos, self.setup, cut=self.plan.cut, views=self.views, limit_bytes=self.limit_bytes,
            cache=self.cache, fresh=fresh, progress=progress,
        )  # fmt: skip

    def fit(
        self, activations: Activations, *, group: ProcessGroup | None = None, progress: Progress = ignore_progress,
        say: Callable[[str], None] = lambda _: None,
    ) -> TuningResult:  # fmt: skip
        """Train on the activations, alone or as one process of a group; see `fit_tail`."""
        from headstart.tune.graph import read_graph
        from headstart.tune.tail_fitting import fit_tail

        backbone = self.setup.backbone
        is_first = group is None or group.rank == 0
        name, digests = self.checkpoint if is_first else None, [photo.digest for photo in self.photos]
        with Checkpoint(name, digests).hold(say) as checkpoint:
            return fit_tail(
                read_graph(backbone.weights), backbone.spec, activations, self.plan, checkpoint=checkpoint,
                group=group, progress=progress, say=say,
            )  # fmt: skip
