"""The engines that compute a classifier's features: one for few photos, one for many."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from headstart.backbone import view_averaging
from headstart.classifier.file import ClassifierFile
from headstart.engine.engine import Engine, plan_build
from headstart.pixels.resizing import Pixels
from headstart.pixels.views import SYMMETRIES, render_view
from headstart.process.forks import PerProcess

FEW = 4  # photos; up to this number, opening the engine for many takes longer than it saves


class ClassifierEngines:
    """Opens the engines of a classifier when they are needed, in each process its own."""

    def __init__(self, contents: ClassifierFile, precision: str) -> None:
        self._contents, self._precision = contents, precision
        self._for_many: PerProcess[Engine] = PerProcess()
        self._for_few: PerProcess[Engine] = PerProcess()

    def choose(self, n_photos: int) -> Engine:
        """Return the engine for a number of photos."""
        # for few photos one at a time: the first prediction takes a third of the time, with the same bits
        if n_photos > FEW:
            return self._for_many.get(self._open)
        return self._for_few.get(lambda: self._open(batch_size=1, n_cores=1))

    def make_views(self, pixels: Pixels) -> Pixels:
        """Return the pixels of one photo as the network takes them: alone, or all their views."""
        n_views = self._contents.metadata.n_averaged
        return pixels if n_views == 1 else np.stack([render_view(pixels, view) for view in SYMMETRIES[:n_views]])

    def extract(self, pixels: Pixels) -> npt.NDArray[np.float32]:
        """Return the features (N, D) of pixels (N, S, S, 3) uint8, of their views on average."""
        return average_rows(self.choose(len(pixels)).infer(pixels, self.make_views))

    def _open(self, batch_size: int | None = None, n_cores: int | None = None) -> Engine:
        # numpy computes the head: in bf16 the engine would round the probabilities to three digits
        about, n_views = self._contents.metadata, self._contents.metadata.n_averaged
        # the classifier makes the views from pixels that are decoded once; the engine runs the network without that
        is_averaged = n_views > 1
        build = plan_build(
            self._contents.digest, image_size=about.image_size, precision=self._precision, n_cores=n_cores,
            entry=view_averaging.PIXELS if is_averaged else None,
            tensor=view_averaging.FEATURES if is_averaged else "features",
            n_views=n_views, float32_below=about.spec.float32_below, is_quantised=about.is_quantised,
            batch_size=batch_size,
        )  # fmt: skip
        return Engine(self._contents.data, build, n_views=n_views)


def average_rows(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return (N, D) features as they are, or those of V views, (N, V, D), on average."""
    return rows if rows.ndim == 2 else view_averaging.average_views(rows.swapaxes(0, 1))
