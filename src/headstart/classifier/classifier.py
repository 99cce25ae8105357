"""The classifier: photo files to probabilities, computed in the same way for training, prediction and serving."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import overload

import numpy as np
import numpy.typing as npt

from headstart.backbone import view_averaging
from headstart.classifier.file import ClassifierFile, parse_classifier, read_classifier
from headstart.classifier.heat_maps import Explainer, Explanation
from headstart.classifier.metadata import Metadata
from headstart.engine.engine import Engine, plan_build
from headstart.engine.processor import choose_precision
from headstart.errors import ClassifierError, PhotoError
from headstart.head.linear import LinearHead
from headstart.pixels.damage import collect_damage
from headstart.pixels.decode import read_photo
from headstart.pixels.views import SYMMETRIES, render_view
from headstart.storage.local_files import write_safely
from headstart.storage.remote_paths import make_path

PhotoPath = str | Path
FEW = 4  # photos; up to this number, opening the engine for many takes longer than it saves
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Prediction:
    """The prediction for one photo.

    Attributes
    ----------
    path
        Path of the photo.
    label, probability
        Most probable class and its probability, or None if the photo cannot be read.
    probabilities
        Probability of every class, the most probable first.
    error
        Reason why the photo cannot be read, or None.
    warning
        Why a part of the photo may be garbled although it was read, or None.
    """

    path: Path
    label: str | None
    probability: float | None
    probabilities: dict[str, float]
    error: str | None = None
    warning: str | None = None

    def top(self, n: int = 5) -> list[tuple[str, float]]:
        """Return the ``n`` most probable classes with their probabilities."""
        return list(self.probabilities.items())[:n]


class Classifier:
    """A trained network with its head, labels and preprocessing. `load` (``hs.load``) reads one from a file.

    Parameters
    ----------
    contents
        A checked classifier file.
    precision
        ``auto`` (bf16 if the processor computes in it), ``f32`` or ``bf16``. A quantised classifier always computes in
        int8.
    """

    def __init__(self, contents: ClassifierFile, *, precision: str = "auto") -> None:
        self._contents = contents
        self._precision = precision
        self._head = LinearHead(contents.weights, contents.bias)

    @classmethod
    def from_bytes(cls, data: bytes, *, precision: str = "auto") -> Classifier:
        """Make a classifier from the bytes of a classifier file."""
        return cls(parse_classifier(data), precision=precision)

    @property
    def metadata(self) -> Metadata:
        """The record of what the classifier is and how it was trained."""
        return self._contents.metadata

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names, in the order of the probabilities."""
        return self.metadata.labels

    @property
    def image_size(self) -> int:
        """Side of the network's input in pixels."""
        return self.metadata.image_size

    def _open_engine(self, batch_size: int | None = None, n_cores: int | None = None) -> Engine:
        # numpy computes the head: in bf16 the engine would round the probabilities to three digits
        about, n_views = self.metadata, self.metadata.n_averaged
        # `_view` makes the views from pixels that are decoded once; the engine runs the network without that part
        is_averaged = n_views > 1
        build = plan_build(
            self._contents.digest, image_size=about.image_size, precision=self._precision, n_cores=n_cores,
            entry=view_averaging.PIXELS if is_averaged else None,
            tensor=view_averaging.FEATURES if is_averaged else "features",
            n_views=n_views, float32_below=about.spec.float32_below, is_quantised=about.is_quantised,
            batch_size=batch_size,
        )  # fmt: skip
        return Engine(self._contents.data, build, n_views=n_views)

    @cached_property
    def _engine(self) -> Engine:
        return self._open_engine()

    @cached_property
    def _engine_for_few(self) -> Engine:
        """An engine for one photo at a time: the first prediction takes a third of the time, with the same bits."""
        return self._open_engine(batch_size=1, n_cores=1)

    @property
    def precision(self) -> str:
        """Arithmetic on this machine: ``f32``, ``bf16``, or ``int8`` if the classifier is quantised."""
        return choose_precision(self._precision, is_quantised=self.metadata.is_quantised)

    @overload
    def predict(self, photos: PhotoPath) -> Prediction: ...  # type: ignore[overload-overlap]  # a str is iterable too
    @overload
    def predict(self, photos: Iterable[PhotoPath]) -> list[Prediction]: ...
    def predict(self, photos: PhotoPath | Iterable[PhotoPath]) -> Prediction | list[Prediction]:
        """Predict the label of one photo file or of several.

        Returns
        -------
        A Prediction for one path, or a list of them. In a list, the Prediction of a photo that cannot be read has
        ``error`` set.

        Raises
        ------
        PhotoError
            If a single photo cannot be read.
        """
        if isinstance(photos, str | Path):
            if Path(photos).is_dir():
                text = f"Cannot predict '{photos}': got a folder, need a photo. Give the photos in it as a list."
                raise PhotoError(text, path=photos)
            answer = next(self.predict_iter([photos]))
            if answer.error is not None:
                raise PhotoError(f"Cannot predict '{photos}': {answer.error}.", path=photos)
            return answer
        return list(self.predict_iter(photos))

    def predict_iter(
        self, photos: Iterable[PhotoPath], *, load: Callable[[Path, int], Pixels] = read_photo
    ) -> Iterator[Prediction]:
        """Predict photo files one after another, in order. Only a few are in memory.

        Parameters
        ----------
        load
            Function that returns the pixels of a path at a size. A caller replaces it to keep decoded pixels.
        """
        rest = (make_path(photo) for photo in photos)
        first = list(islice(rest, FEW + 1))
        engine = self._engine if len(first) > FEW else self._engine_for_few
        damaged: dict[Path, str] = {}

        def load_view(path: Path) -> Pixels:
            with collect_damage() as found:
                pixels = load(path, self.image_size)
            if found:
                damaged[path] = found[0]
            return self._view(pixels)

        for path, row in engine.stream(chain(first, rest), load_view):
            if isinstance(row, PhotoError):
                yield Prediction(path, None, None, {}, str(row))
            else:
                yield replace(self._rank(path, self._score(row[None])[0]), warning=damaged.get(path))

    def _view(self, pixels: Pixels) -> Pixels:
        n_views = self.metadata.n_averaged
        return pixels if n_views == 1 else np.stack([render_view(pixels, view) for view in SYMMETRIES[:n_views]])

    def _score(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the probabilities of (N, D) features, or of the averages of V views, (N, V, D)."""
        with np.errstate(over="ignore", invalid="ignore"):  # weights of 1e38 are finite, and their products are not
            means = rows if rows.ndim == 2 else view_averaging.average_views(rows.swapaxes(0, 1))
            probabilities = self._head.probabilities(means)
        if not np.isfinite(probabilities).all():
            raise ClassifierError(
                "Cannot predict: the weights of this classifier are too large or damaged, and its probabilities are no "
                "numbers. Train it again, or copy the file again from where it came."
            )
        return probabilities

    def predict_probabilities(self, photos: Sequence[PhotoPath]) -> npt.NDArray[np.float32]:
        """Return (N, C) float32 probabilities of photo files. The row of a photo that cannot be read is NaN."""
        rows = [
            [answer.probabilities.get(label, np.nan) for label in self.labels] for answer in self.predict_iter(photos)
        ]
        return np.array(rows, np.float32).reshape(len(rows), len(self.labels))

    def predict_pixels(self, pixels: Pixels) -> npt.NDArray[np.float32]:
        """Return (N, C) float32 probabilities of decoded pixels, (N, S, S, 3) uint8 RGB, where S is the image size."""
        side = self.image_size
        if pixels.dtype != np.uint8 or pixels.shape[1:] != (side, side, 3):
            raise ClassifierError(
                f"Cannot predict pixels: got {pixels.dtype} of shape {pixels.shape}, need uint8 of (N, {side}, {side}, "
                "3). Give paths to `predict` instead: it decodes and resizes."
            )
        if not len(pixels):
            return np.empty((0, len(self.labels)), np.float32)
        engine = self._engine if len(pixels) > FEW else self._engine_for_few
        return self._score(engine.infer(pixels, self._view))

    def explain(self, photo: PhotoPath, label: str | None = None) -> Explanation:
        """Return a heat map of the photo: how much each place adds to the score of a class.

        Parameters
        ----------
        label
            The class. Default: the predicted one.

        Raises
        ------
        PhotoError
            If the photo cannot be read.
        ClassifierError
            If there is no such class.
        """
        if label is not None and label not in self.labels:
            text = f"Cannot explain a class: got {label!r}, need one of {', '.join(self.labels)}."
            raise ClassifierError(text, label=label)
        try:
            return self.explainer.explain(photo, label)
        except PhotoError as error:
            raise PhotoError(f"Cannot explain '{photo}': {error}.", path=photo) from None

    @cached_property
    def explainer(self) -> Explainer:
        """The object that computes heat maps."""
        return Explainer(self._contents)

    def save(self, path: PhotoPath) -> Path:
        """Write the classifier file and return its path. A failed write leaves no partial file."""
        target = Path(path)
        try:
            with write_safely(target) as file:
                file.write(self._contents.data)
        except OSError as error:
            text = f"Cannot save classifier '{target}': {error.strerror or error}."
            raise ClassifierError(text, path=target) from None
        return target

    def _rank(self, path: Path, probabilities: npt.NDArray[np.float32]) -> Prediction:
        # stable, so that equal probabilities keep the order of the labels, as in argmax
        order = np.argsort(-probabilities, kind="stable")
        ranked = {self.labels[i]: float(probabilities[i]) for i in order}
        return Prediction(path, self.labels[order[0]], float(probabilities[order[0]]), ranked)

    def __repr__(self) -> str:
        names = ", ".join(self.labels[:5]) + (", ..." if len(self.labels) > 5 else "")
        return f"Classifier({self.metadata.spec.name} at {self.image_size} px, {len(self.labels)} labels: {names})"


def load_classifier(path: PhotoPath, *, precision: str = "auto") -> Classifier:
    """Load a classifier file, or the one in a run folder (about 0.1 s; the first prediction compiles it).

    Parameters
    ----------
    precision
        ``auto`` (bf16 if the processor computes in it), ``f32`` or ``bf16``. A quantised classifier always computes in
        int8.

    Raises
    ------
    ClassifierError
        If the file is missing, damaged, not a classifier or too new, or its parts do not fit together.
    """
    return Classifier(read_classifier(Path(path)), precision=precision)
