"""The rules that make an answer of a photo's probabilities and its novelty."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from headstart.classifier.decision import Decision, rank_classes
from headstart.classifier.label_sets import LEVELS, LabelSets, find_label_set
from headstart.classifier.metadata import Metadata
from headstart.classifier.prediction import Prediction
from headstart.classifier.refusal import Refuse, describe_refusal, settle_refusal
from headstart.errors import ClassifierError


@dataclass(frozen=True, slots=True)
class AnswerRules:
    """The rules by which a classifier answers.

    Attributes
    ----------
    labels
        Class names, in the order of the probabilities.
    decision
        Rule that chooses the class. None: the most probable one.
    refused_share
        Share of the classifier's own photos that may be refused. None: no photo is refused.
    level, expected, set_threshold
        Share of label sets that was asked to hold the right label, the share that is expected to, and the probability
        from which labels are in a set. None: there are no label sets.
    """

    labels: tuple[str, ...]
    decision: Decision | None
    refused_share: float | None
    level: float | None = None
    expected: float | None = None
    set_threshold: float | None = None

    @classmethod
    def make(cls, metadata: Metadata, refuse: Refuse, sets: float | None) -> AnswerRules:
        """Return the rules of a classifier, as `Classifier` takes them; raise ClassifierError if they do not fit it."""
        share = settle_refusal(refuse, metadata.n_novelty_photos)
        if sets is None:
            return cls(metadata.labels, metadata.decision, share)
        known = _require_sets(metadata)
        threshold = known.find_threshold(sets)
        return cls(metadata.labels, metadata.decision, share, sets, known.expect(sets), threshold)

    def is_known(self, novelty: float | None) -> bool:
        """Say whether a photo of this novelty is like the classifier's own photos, and not refused."""
        return novelty is None or self.refused_share is None or novelty > self.refused_share

    def answer(self, path: Path | None, probabilities: npt.NDArray[Any], novelty: float | None) -> Prediction:
        """Return the prediction for the probabilities (C,) and the novelty of one photo."""
        ranked, why = rank_classes(probabilities, self.labels, self.decision)
        label, is_known = next(iter(ranked)), self.is_known(novelty)
        least = self.set_threshold if is_known else None
        return Prediction(
            path, label, ranked[label], ranked, decided_by=why, novelty=novelty, is_known=is_known,
            label_set=None if least is None else find_label_set(ranked, least),
        )  # fmt: skip

    def to_page(self, metadata: Metadata) -> dict[str, Any]:
        """Return the rules for the pages, which apply them in JavaScript (exports/web/rules.js).

        ``sets`` has the label sets that a page offers, by increasing level: those that the photos support, and the
        level of these rules. ``level`` is the one that it shows first: that of these rules, or none.
        """
        known = metadata.label_sets
        offered = [] if known is None else [level for level in LEVELS if known.supports(level)]
        own = [] if self.level is None else [self.level]
        return {
            "decision": None if self.decision is None else self.decision.to_page(self.labels),
            "refusedShare": self.refused_share,
            "sets": [
                {"level": level, "expected": known.expect(level), "threshold": known.find_threshold(level)}
                for level in sorted({*offered, *own})
                if known is not None
            ],
            "level": self.level,
        }


def describe_rules(metadata: Metadata) -> dict[str, str]:
    """Return entries of metadata for other programs, in JSON: ``decision``, ``novelty`` and ``label_sets``.

    Left out are a decision for the most probable class, and what the classifier does not have.
    """
    texts = {}
    if metadata.decision is not None:
        texts["decision"] = metadata.decision.to_json()
    if metadata.n_novelty_photos is not None:
        texts["novelty"] = describe_refusal(metadata.n_novelty_photos)
    if metadata.label_sets is not None:
        texts["label_sets"] = metadata.label_sets.to_json()
    return texts


def _require_sets(metadata: Metadata) -> LabelSets:
    if metadata.label_sets is None:
        raise ClassifierError(
            "Cannot make label sets: got a classifier without thresholds, because an earlier version wrote it or it "
            "was trained without held-out photos. Train it again, with validation or test photos."
        )
    return metadata.label_sets
