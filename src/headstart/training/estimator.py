"""The whole of it as a scikit-learn classifier: fit on paths and labels, predict labels of paths."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from headstart.backbone.loading import load_backbone
from headstart.classifier.build import build_classifier
from headstart.classifier.classifier import Classifier
from headstart.classifier.metadata import Metadata
from headstart.errors import FitError
from headstart.features.transformer import FeatureExtractor, check_unchanged
from headstart.methods.head_fitting import fit_head

from sklearn.base import BaseEstimator, ClassifierMixin  # isort: skip  # after the transformer, which names the extra


class ImageClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """A frozen backbone and a regularised linear head, for scikit-learn pipelines and searches.

    Parameters
    ----------
    backbone
        The name of the pretrained network, or the path of an ONNX file (docs/backbones.md).
    image_size
        Side of the network's input in pixels; None for the backbone's own.
    strength
        Inverse regularisation strength C; None chooses it by cross-validation inside the training photos.
    class_weight
        ``balanced``, ``none``, or ``auto``: balanced where classes are skewed.
    precision
        ``auto`` (bf16 where the processor computes in it), ``f32`` or ``bf16``. ``int8`` is refused: it is calibrated
        on training photos, so each fold would have features of its own; `headstart.train` has it.
    cache
        Use the user's cache of features.
    seed
        Of the folds.

    Attributes
    ----------
    classes_
        (C,) labels, sorted.
    head_
        The fitted head.
    strength_
        The strength that was used.
    backbone_
        The name or path that was used.
    metadata_
        The backbone, image size, precision and photos that were used: predictions and the exported file go by these,
        whatever the parameters are set to afterwards.

    Examples
    --------
    >>> from sklearn.base import clone
    >>> clone(ImageClassifier(image_size=160)).image_size
    160
    """

    def __init__(
        self,
        backbone: str = "mobilenet_v2",
        image_size: int | None = None,
        strength: float | None = None,
        class_weight: str = "auto",
        precision: str = "auto",
        cache: bool = True,
        seed: int = 0,
    ) -> None:
        self.backbone = backbone
        self.image_size = image_size
        self.strength = strength
        self.class_weight = class_weight
        self.precision = precision
        self.cache = cache
        self.seed = seed

    def fit(self, X: Sequence[str | Path], y: Sequence[Any], sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit the head.

        Parameters
        ----------
        X
            N paths of photo files.
        y
            N labels.
        sample_weight
            (N,) weights, or None.
        groups
            (N,) names of what must not be torn apart (a patient, a video) by the folds that choose the strength, or
            None.
        """
        for what, some in (("labels", y), ("weights", sample_weight), ("groups", groups)):
            if some is not None and np.shape(some) != (len(X),):
                shape = " by ".join(map(str, np.shape(some)))
                raise FitError(f"Cannot fit: got {len(X)} photos and {shape} {what}, need one for each photo.")
        self.classes_, numbers = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) < 2:
            raise FitError(f"Cannot fit: got {len(self.classes_)} class, need at least 2.")
        spec = load_backbone(self.backbone).spec
        image_size = spec.image_size if self.image_size is None else int(self.image_size)
        features, digests = FeatureExtractor(self.backbone, image_size, self.precision, self.cache).extract(X)
        weight = None if sample_weight is None else np.asarray(sample_weight, np.float64)
        fitted = fit_head(
            features.matrix[None], numbers.astype(np.int64), len(self.classes_), seed=self.seed, strength=self.strength,
            class_weight=self.class_weight, sample_weight=weight,
            groups=None if groups is None else [str(group) for group in groups],
        )  # fmt: skip
        self.head_, self.strength_, self.backbone_ = fitted.head, fitted.strength, self.backbone
        self.metadata_ = Metadata.describe(
            spec, labels=self.classes_, image_size=image_size, precision=features.precision, digests=digests,
            seed=self.seed,
        )  # fmt: skip
        return self

    def predict_proba(self, X: Sequence[str | Path]) -> npt.NDArray[np.float32]:
        """Return (N, C) float32 probabilities, columns in the order of ``classes_``."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        fitted = self.metadata_
        extractor = FeatureExtractor(self.backbone_, fitted.image_size, fitted.precision, self.cache)
        extractor.fingerprint_ = fitted.spec.fingerprint()
        probabilities: npt.NDArray[np.float32] = self.head_.probabilities(extractor.transform(X))
        return probabilities

    def predict(self, X: Sequence[str | Path]) -> npt.NDArray[Any]:
        """Return (N,) labels."""
        numbers = self.predict_proba(X).argmax(1)
        labels: npt.NDArray[Any] = self.classes_[numbers]
        return labels

    def to_classifier(self) -> Classifier:
        """Return what was fitted as a `Classifier`, which can be saved as one ``.onnx`` file."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        backbone = load_backbone(self.backbone_)
        check_unchanged(backbone, self.metadata_.spec.fingerprint())
        data = build_classifier(backbone, self.head_.weights, self.head_.bias, self.metadata_)
        return Classifier.from_bytes(data, precision=self.metadata_.precision)
