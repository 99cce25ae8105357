"""A scikit-learn classifier: it is fitted to paths of photos and their labels, and predicts labels of paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from headstart.backbone.loading import open_setup
from headstart.backbone.names import Sizes
from headstart.catalog.photo import Photo
from headstart.catalog.photo_groups import name_groups
from headstart.classifier.build import build_classifier
from headstart.classifier.classifier import Classifier
from headstart.classifier.decision import decide_answers
from headstart.classifier.metadata import Metadata
from headstart.classifier.refusal import NONE_OF_THESE, Refuse, check_names, settle_refusal
from headstart.errors import FitError
from headstart.features.transformer import FeatureExtractor, check_unchanged
from headstart.head.linear import softmax
from headstart.head.novelty import NoveltyTest
from headstart.methods.fold_confidence import set_confidence_by_folds
from headstart.methods.head_fitting import fit_head
from headstart.methods.settings import Settings
from headstart.methods.working_points import check_classes, decide_by
from headstart.storage.large_arrays import take_rows
from headstart.training.later_novelty import LaterNovelty

if TYPE_CHECKING:
    from headstart.pixels.pictures import Picture

from sklearn.base import BaseEstimator, ClassifierMixin  # isort: skip  # after the transformer, which names the extra


class ImageClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """A frozen backbone and a regularised linear head, for scikit-learn pipelines and searches.

    Parameters
    ----------
    backbone
        Name of the pretrained network, or path of an ONNX file, or several with ``+`` between them
        (docs/backbones.md).
    image_size
        Side of the network's input in pixels, or several as in ``224+320``. None: the default of each network.
    strength
        Inverse regularisation strength C. None: chosen by cross-validation on the training photos.
    class_weight
        ``balanced``, ``none``, or ``auto``: balanced if the sizes of the classes differ a lot.
    precision
        ``auto`` (bf16 if the processor computes in it), ``f32`` or ``bf16``. ``int8`` is refused: it is calibrated on
        training photos, so that each fold would have other features. Use `headstart.train` for it.
    cache
        Whether the user's cache of features is used.
    seed
        Seed of the folds.
    depth
        Bits of the values in photos with 16 bits a sample: 12 if 4095 is white.
    find, of
        Share of the photos of the class ``of`` to find, such as 0.98. `predict` answers this class from a threshold on,
        which cross-validation chooses.
    cost
        Costs of mistakes, such as ``["defective:functional=20"]``: `predict` answers at the lowest expected cost.

    Attributes
    ----------
    classes_
        (C,) labels, sorted.
    head_
        Fitted head. Its confidence was set by cross-validation, as `headstart.train` does.
    strength_
        Inverse regularisation strength of the fitted head.
    backbone_
        Name or path of the backbone of the fitted head.
    decision_
        Rule of the answers by ``find`` or ``cost``. None: the most probable class is the answer.
    metadata_
        Backbone, image size, precision and training photos of the fitted head. Predictions and the classifier file use
        these, even if a parameter is changed afterwards.
    novelty_
        Test of how strange a photo is, or None if there were fewer than 19 photos. It is fitted at its first use, so
        that a search does not wait for it.

    Examples
    --------
    >>> from sklearn.base import clone
    >>> clone(ImageClassifier(image_size=160)).image_size
    160
    """

    def __init__(
        self, backbone: str = "mobilenet_v2", image_size: Sizes = None, strength: float | None = None,
        class_weight: str = "auto", precision: str = "auto", cache: bool = True, seed: int = 0,
        depth: int = 16, find: float | None = None, of: Any = None, cost: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.backbone = backbone
        self.image_size = image_size
        self.strength = strength
        self.class_weight = class_weight
        self.precision = precision
        self.cache = cache
        self.seed = seed
        self.depth = depth
        self.find = find
        self.of = of
        self.cost = cost

    def fit(self, X: Sequence[Picture], y: Sequence[Any], sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit the head.

        Parameters
        ----------
        X
            N photos: a list or an array of paths or pictures in memory, as `Classifier.predict` takes them.
        y
            N labels.
        sample_weight
            (N,) weights, or None.
        groups
            (N,) names of groups (a patient, a video), or None. The photos of one group are in the same fold when the
            strength is chosen.
        """
        for what, some in (("labels", y), ("weights", sample_weight), ("groups", groups)):
            if some is not None and np.shape(some) != (len(X),):
                shape = " by ".join(map(str, np.shape(some)))
                raise FitError(f"Cannot fit: got {len(X)} photos and {shape} {what}, need one for each photo.")
        self.classes_, numbers = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) < 2:
            raise FitError(f"Cannot fit: got {len(self.classes_)} class, need at least 2.")
        settings = Settings(
            seed=int(self.seed), find=self.find, of=None if self.of is None else str(self.of),
            cost=(self.cost,) if isinstance(self.cost, str) else tuple(self.cost),
        )  # fmt: skip
        settings.check()
        labels = tuple(map(str, self.classes_))
        check_names(labels)
        check_classes(settings, labels)
        setup = open_setup(self.backbone, self.image_size)
        spec = setup.spec
        extractor = FeatureExtractor(self.backbone, self.image_size, self.precision, self.cache, depth=self.depth)
        features, digests = extractor.extract(X)
        weight = None if sample_weight is None else np.asarray(sample_weight, np.float64)
        names = None if groups is None else [str(group) for group in groups]
        # by digest, as in `build_feature_table`: the order of the rows changes no digit of the head
        at = sorted(range(len(digests)), key=lambda n: (digests[n], numbers[n], 1.0 if weight is None else weight[n]))
        rows, y_sorted = take_rows(features.matrix, at), numbers[at].astype(np.int64)
        of_rows: dict[str, Any] = {
            "sample_weight": None if weight is None else weight[at],
            "groups": None if names is None else [names[n] for n in at],
        }
        fitted = fit_head(
            rows[None], y_sorted, len(self.classes_), seed=self.seed, strength=self.strength,
            class_weight=self.class_weight, **of_rows,
        )  # fmt: skip
        confident = set_confidence_by_folds(rows, y_sorted, fitted, seed=self.seed, **of_rows)
        self.decision_ = None
        if settings.has_decision:
            some = of_rows["groups"]
            self.decision_ = decide_by(
                settings, labels, y_sorted[confident.at], softmax(confident.scores).astype(np.float32, copy=False),
                judged_by="cross-validation", groups=None if some is None else [some[n] for n in confident.at],
            ).decision  # fmt: skip
        self.head_, self.strength_, self.backbone_ = confident.head, fitted.strength, self.backbone
        photos = [
            Photo("", "", digest=digests[n], split="train", group=None if names is None else names[n]) for n in at
        ]
        self._image_size = self.image_size
        self._later_novelty = LaterNovelty(rows[:, -spec.n_last_features :], name_groups(photos), int(self.seed))
        self.metadata_ = Metadata.describe(
            spec, labels=self.classes_, image_size=setup.image_size, precision=features.precision, digests=digests,
            seed=self.seed, depth=self.depth, decision=self.decision_,
        )  # fmt: skip
        return self

    @property
    def novelty_(self) -> NoveltyTest | None:
        """Test of how strange a photo is, or None if there were too few photos."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return self._later_novelty.get()

    def predict_proba(self, X: Sequence[Picture]) -> npt.NDArray[np.float32]:
        """Return (N, C) float32 probabilities, columns in the order of ``classes_``."""
        probabilities: npt.NDArray[np.float32] = self.head_.probabilities(self._extract(X))
        return probabilities

    def predict_novelty(self, X: Sequence[Picture]) -> npt.NDArray[np.float32]:
        """Return (N,) float32 novelties: the share of own photos that are at least as strange, small for strangers.

        Own photos are new photos like the training photos; these themselves look less strange.

        Raises
        ------
        FitError
            If there were too few training photos to tell.
        """
        return self._measure(self._extract(X))

    def predict(self, X: Sequence[Picture], refuse: Refuse = None) -> npt.NDArray[Any]:
        """Return (N,) labels: the most probable classes, or the answers of ``decision_``.

        Parameters
        ----------
        refuse
            Share of own photos that may be refused, such as 0.01, or ``auto``. The label of a refused photo is ``none
            of these``; if the labels are no strings, the array is then one of objects. None: no photo is refused.
        """
        features = self._extract(X)
        numbers = decide_answers(self.head_.probabilities(features), self.metadata_.labels, self.metadata_.decision)
        labels: npt.NDArray[Any] = self.classes_[numbers]
        test = None if refuse is None else self.novelty_
        share = settle_refusal(refuse, None if test is None else test.n_units)
        if share is None:
            return labels
        kind = np.result_type(labels, np.array(NONE_OF_THESE)) if labels.dtype.kind == "U" else object
        answers: npt.NDArray[Any] = labels.astype(kind)
        answers[self._measure(features).astype(np.float64) <= share] = NONE_OF_THESE  # as in AnswerRules.is_known
        return answers

    def _extract(self, X: Sequence[Picture]) -> npt.NDArray[np.float32]:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        fitted = self.metadata_
        extractor = FeatureExtractor(self.backbone_, self._image_size, fitted.precision, self.cache, depth=fitted.depth)
        extractor.fingerprint_ = fitted.spec.fingerprint()
        features: npt.NDArray[np.float32] = extractor.transform(X)
        return features

    def _measure(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        test = self.novelty_
        if test is None:
            raise FitError("Cannot tell how strange a photo is: got fewer than 19 training photos. Fit to more photos.")
        return test.measure(features[:, -len(test.mean) :])

    def to_classifier(self) -> Classifier:
        """Return a `Classifier` with the fitted head and ``novelty_``. It can be saved as one ``.onnx`` file."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        backbone = open_setup(self.backbone_, self._image_size).backbone
        check_unchanged(backbone, self.metadata_.spec.fingerprint())
        test = self.novelty_
        metadata = replace(self.metadata_, n_novelty_photos=None if test is None else test.n_units)
        data = build_classifier(backbone, self.head_.weights, self.head_.bias, metadata, test)
        return Classifier.from_bytes(data, precision=self.metadata_.precision)
