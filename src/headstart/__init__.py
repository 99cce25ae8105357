"""Headstart: a folder of labelled photos becomes a trustworthy image classifier in seconds.

>>> import headstart as hs
>>> hs.load_backbone().spec.n_features
1280
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from headstart.errors import HeadstartError
from headstart.version import __version__

if TYPE_CHECKING:
    from headstart.backbone.loading import load_backbone
    from headstart.catalog.catalog import Catalog
    from headstart.catalog.scan import scan_photos as scan
    from headstart.classifier.classifier import Classifier
    from headstart.classifier.classifier import load_classifier as load
    from headstart.classifier.prediction import Prediction
    from headstart.exports.export import export_classifier as export
    from headstart.features.transformer import FeatureExtractor
    from headstart.inspection.audit import audit_photos as audit
    from headstart.inspection.similar import find_similar
    from headstart.inspection.suggest import suggest_photos as suggest
    from headstart.runs.run import Run
    from headstart.runs.run_diff import diff_runs as diff
    from headstart.training.advise import advise_method as advise
    from headstart.training.embed import embed_photos as embed
    from headstart.training.estimator import ImageClassifier
    from headstart.training.evaluate import evaluate_classifier as evaluate
    from headstart.training.forget import forget_photos as forget
    from headstart.training.replay import replay_run as replay
    from headstart.training.train import train_classifier as train

__all__ = [
    "Catalog",
    "Classifier",
    "FeatureExtractor",
    "HeadstartError",
    "ImageClassifier",
    "Prediction",
    "Run",
    "__version__",
    "advise",
    "audit",
    "diff",
    "embed",
    "evaluate",
    "export",
    "find_similar",
    "forget",
    "load",
    "load_backbone",
    "replay",
    "scan",
    "suggest",
    "train",
]

# Importing the front door opens no room: each name is fetched at first use.
_ROOMS = {
    "Catalog": ("headstart.catalog.catalog", "Catalog"),
    "Classifier": ("headstart.classifier.classifier", "Classifier"),
    "FeatureExtractor": ("headstart.features.transformer", "FeatureExtractor"),
    "ImageClassifier": ("headstart.training.estimator", "ImageClassifier"),
    "Prediction": ("headstart.classifier.prediction", "Prediction"),
    "Run": ("headstart.runs.run", "Run"),
    "advise": ("headstart.training.advise", "advise_method"),
    "audit": ("headstart.inspection.audit", "audit_photos"),
    "diff": ("headstart.runs.run_diff", "diff_runs"),
    "embed": ("headstart.training.embed", "embed_photos"),
    "evaluate": ("headstart.training.evaluate", "evaluate_classifier"),
    "export": ("headstart.exports.export", "export_classifier"),
    "find_similar": ("headstart.inspection.similar", "find_similar"),
    "forget": ("headstart.training.forget", "forget_photos"),
    "load": ("headstart.classifier.classifier", "load_classifier"),
    "load_backbone": ("headstart.backbone.loading", "load_backbone"),
    "replay": ("headstart.training.replay", "replay_run"),
    "scan": ("headstart.catalog.scan", "scan_photos"),
    "suggest": ("headstart.inspection.suggest", "suggest_photos"),
    "train": ("headstart.training.train", "train_classifier"),
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'headstart' has no attribute {name!r}")
    module, attribute = _ROOMS[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
