"""The classifier: photo files to probabilities, computed in the same way for training, prediction and serving."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, overload

import numpy as np
import numpy.typing as npt

from headstart.classifier.engines import FEW, ClassifierEngines, average_rows
from headstart.classifier.file import ClassifierFile, parse_classifier, read_classifier
from headstart.classifier.heat_maps import Explainer, Explanation
from headstart.classifier.metadata import Metadata
from headstart.classifier.prediction import Prediction
from headstart.classifier.refusal import AUTO, Refuse
from headstart.classifier.rules import AnswerRules
from headstart.classifier.summary import summarise_classifier, write_summary
from headstart.engine.processor import choose_precision
from headstart.errors import ClassifierError, PhotoError
from headstart.head.linear import LinearHead
from headstart.pixels.damage import collect_damage
from headstart.pixels.pictures import TakenPicture, describe_picture, is_picture, list_pictures, take_picture
from headstart.pixels.resizing import Pixels, resize_pixels
from headstart.storage.local_files import write_safely

if TYPE_CHECKING:
    from headstart.pixels.pictures import Picture

PhotoPath = str | Path
Floats = npt.NDArray[np.float32]


class HasFolder(Protocol):
    """A `Run`, which has its classifier in its folder."""

    folder: Path


class Classifier:
    """A trained network with its head, labels and preprocessing. `load` (``hs.load``) reads one from a file.

    Parameters
    ----------
    contents
        A checked classifier file.
    precision
        ``auto`` (bf16 if the processor computes in it), ``f32`` or ``bf16``. A quantised classifier always computes in
        int8.
    refuse
        Share of the classifier's own photos that may be refused as none of its classes, such as 0.01. ``auto``: 1% if
        there were enough photos to say that, else 5%, else none. None or 0: no photo is refused.
    sets
        Share of photos whose label set has the right label, such as 0.9. None: there are no label sets.
    """

    def __init__(
        self, contents: ClassifierFile, *, precision: str = "auto", refuse: Refuse = AUTO, sets: float | None = None
    ) -> None:
        self.rules = AnswerRules.make(contents.metadata, refuse, sets)
        self._contents = contents
        self._precision = precision
        self._head = LinearHead(contents.weights, contents.bias)
        self._engines = ClassifierEngines(contents, precision)

    @classmethod
    def from_bytes(
        cls, data: bytes, *, precision: str = "auto", refuse: Refuse = AUTO, sets: float | None = None
    ) -> Classifier:
        """Make a classifier from the bytes of a classifier file."""
        return cls(parse_classifier(data), precision=precision, refuse=refuse, sets=sets)

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

    @property
    def precision(self) -> str:
        """Arithmetic on this machine: ``f32``, ``bf16``, or ``int8`` if the classifier is quantised."""
        return choose_precision(self._precision, is_quantised=self.metadata.is_quantised)

    @overload
    def predict(self, photos: Picture) -> Prediction: ...  # type: ignore[overload-overlap]  # a str is iterable too
    @overload
    def predict(self, photos: Iterable[Picture]) -> list[Prediction]: ...
    def predict(self, photos: Picture | Iterable[Picture]) -> Prediction | list[Prediction]:
        """Predict the label of one photo or of several.

        Parameters
        ----------
        photos
            A photo or an iterable of photos, also of several kinds: a path; the bytes of a photo file; an open binary
            file; an image of Pillow; or a uint8 array (H, W, 3) in RGB, (H, W, 4) with transparency, or (H, W) or
            (H, W, 1) in grey. An array (N, H, W, 3) is N photos. Arrays of OpenCV are BGR: give ``array[..., ::-1]``.

        Returns
        -------
        A Prediction for one photo, or a list of them. In a list, the Prediction of a photo that cannot be read has
        ``error`` set.

        Raises
        ------
        PhotoError
            If a single photo cannot be read, or a value is no photo.
        """
        if is_picture(photos):
            if isinstance(photos, str | Path) and Path(photos).is_dir():
                text = f"Cannot predict '{photos}': got a folder, need a photo. Give the photos in it as a list."
                raise PhotoError(text, path=photos)
            answer = next(self.predict_iter([cast("Picture", photos)]))
            if answer.error is not None:
                text = f"Cannot predict {describe_picture(photos)}: {answer.error}."
                raise PhotoError(text, path=answer.path)
            return answer
        return list(self.predict_iter(cast("Iterable[Picture]", photos)))

    def predict_iter(
        self, photos: Iterable[Picture], *, load: Callable[[Path, int], Pixels] | None = None
    ) -> Iterator[Prediction]:
        """Predict photos one after another, in order. Only a few are in memory.

        Parameters
        ----------
        load
            Function that returns the pixels of a path at a size. Default: `read_photo`, at the depth of the classifier.
        """
        rest = (take_picture(photo, self.image_size, self.metadata.depth) for photo in list_pictures(photos))
        first = list(islice(rest, FEW + 1))
        engine = self._engines.choose(len(first))
        damaged: dict[TakenPicture, str] = {}

        def load_view(photo: TakenPicture) -> Pixels:
            with collect_damage() as found:
                pixels = photo.load(self.image_size, load)
            if found:
                damaged[photo] = found[0]
            return self._engines.make_views(pixels)

        for photo, row in engine.stream(chain(first, rest), load_view):
            if isinstance(row, PhotoError):
                yield Prediction(photo.path, None, None, {}, str(row))
            else:
                probabilities, novelty = self._judge(row[None])
                answer = self.rules.answer(photo.path, probabilities[0], None if novelty is None else float(novelty[0]))
                yield replace(answer, warning=damaged.pop(photo, None))

    def _judge(self, rows: Floats) -> tuple[Floats, Floats | None]:
        """Return probabilities and novelties of (N, D) features, or of the averages of V views, (N, V, D)."""
        with np.errstate(over="ignore", invalid="ignore"):  # weights of 1e38 are finite, and their products are not
            means = average_rows(rows)
            probabilities, test = self._head.probabilities(means), self._contents.novelty
            novelties = None if test is None else test.measure(means[:, -len(test.mean) :])
        if not np.isfinite(probabilities).all() or (novelties is not None and not np.isfinite(novelties).all()):
            raise ClassifierError(
                "Cannot predict: the weights of this classifier are too large or damaged, and its probabilities or "
                "novelties are no numbers. Train it again, or copy the file again from where it came."
            )
        return probabilities, novelties

    def predict_probabilities(self, photos: Iterable[Picture]) -> npt.NDArray[np.float32]:
        """Return (N, C) float32 probabilities of photos, as `predict` takes them; NaN for those that cannot be read."""
        rows = [
            [answer.probabilities.get(label, np.nan) for label in self.labels] for answer in self.predict_iter(photos)
        ]
        return np.array(rows, np.float32).reshape(len(rows), len(self.labels))

    def predict_pixels(self, pixels: Pixels) -> npt.NDArray[np.float32]:
        """Return (N, C) float32 probabilities of decoded pixels, (N, H, W, 3) uint8 RGB of any size.

        Pixels of another size than the network's input are resized as those of a file.
        """
        return self.judge_pixels(pixels)[0]

    def judge_pixels(self, pixels: Pixels) -> tuple[Floats, Floats | None]:
        """Return the probabilities (N, C) of decoded pixels, and their novelties (N,); see `predict_pixels`.

        There are no novelties if the classifier cannot tell how strange a photo is.
        """
        if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.shape[3:] != (3,):
            kind = (
                f"{pixels.dtype} of shape {pixels.shape}" if isinstance(pixels, np.ndarray) else type(pixels).__name__
            )
            raise ClassifierError(
                f"Cannot predict pixels: got {kind}, need uint8 of (N, height, width, 3). Give other pictures to "
                "`predict`: it also takes paths, files, images and arrays of one picture."
            )
        if not len(pixels):
            none = np.empty((0, len(self.labels)), np.float32)
            return none, None if self._contents.novelty is None else none[:, 0]
        if 0 in pixels.shape:
            raise ClassifierError(f"Cannot predict pixels: got shape {pixels.shape}, need pictures with pixels.")
        side = self.image_size
        engine = self._engines.choose(len(pixels))
        return self._judge(engine.infer(pixels, lambda one: self._engines.make_views(resize_pixels(one, side, side))))

    def explain(self, photo: Picture, label: str | None = None) -> Explanation:
        """Return a heat map of the photo: how much each place adds to the score of a class.

        Parameters
        ----------
        photo
            A photo as `predict` takes it.
        label
            The class. Default: the predicted one.

        Raises
        ------
        PhotoError
            If the photo cannot be read, or is no photo.
        ClassifierError
            If there is no such class.
        """
        if label is not None and label not in self.labels:
            text = f"Cannot explain a class: got {label!r}, need one of {', '.join(self.labels)}."
            raise ClassifierError(text, label=label)
        taken = take_picture(photo, self.image_size, self.metadata.depth)
        try:
            pixels = taken.load(self.image_size)
        except PhotoError as error:
            raise PhotoError(f"Cannot explain {describe_picture(photo)}: {error}.", path=taken.path) from None
        return self.explainer.explain_pixels(pixels, label)

    @cached_property
    def explainer(self) -> Explainer:
        """The object that computes heat maps."""
        return Explainer(self._contents)

    def summary(self) -> str:
        """Return the stages with their sizes, what was trained, to what it was fitted, and what it refuses, as text."""
        return write_summary(summarise_classifier(self._contents, self.rules.refused_share))

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

    def __reduce__(self) -> tuple[Any, ...]:
        # a copy, in this process or in one on another machine, compiles the network again
        refuse, sets = self.rules.refused_share, self.rules.level
        return partial(type(self), precision=self._precision, refuse=refuse, sets=sets), (self._contents,)

    def __repr__(self) -> str:
        names = ", ".join(self.labels[:5]) + (", ..." if len(self.labels) > 5 else "")
        return f"Classifier({self.metadata.spec.name} at {self.image_size} px, {len(self.labels)} labels: {names})"


def load_classifier(
    path: PhotoPath | HasFolder, *, precision: str = "auto", refuse: Refuse = AUTO, sets: float | None = None
) -> Classifier:
    """Load a classifier file, or the one of a run (about 0.1 s; the first prediction compiles it).

    Parameters
    ----------
    path
        A classifier file, a run folder, or a `Run`.
    precision, refuse, sets
        As for `Classifier`.

    Raises
    ------
    ClassifierError
        If the file is missing, damaged, not a classifier or too new, or its parts do not fit together.
    """
    place = getattr(path, "folder", path)
    if not isinstance(place, str | Path):
        what = "None" if path is None else f"a value of type {type(path).__name__}"
        raise ClassifierError(f"Cannot load a classifier: got {what}, need a model.onnx, a run folder or a run.")
    return Classifier(read_classifier(Path(place)), precision=precision, refuse=refuse, sets=sets)
