"""Why a photo is suggested, in plain words."""

from __future__ import annotations

from headstart.classifier.prediction import Prediction
from headstart.evaluation.words import count_photos, format_threshold
from headstart.head.selection import Choice
from headstart.inspection.suggestions import STRANGE, TYPICAL, UNDECIDED

UNSURE = 0.5  # margin between the first two classes up to which the classifier is undecided
SURE = 0.99  # probability from which whole percent would read as certain


def explain_choice(choice: Choice, answer: Prediction | None, *, has_labels: bool) -> tuple[str, str]:
    """Return the kind of a suggestion and its reason.

    Parameters
    ----------
    answer
        Answer of the classifier for the photo, or None without one.
    has_labels
        Whether any photo has a label.
    """
    if answer is not None and not answer.is_known:
        return STRANGE, _explain_strange(answer)
    if choice.kind == TYPICAL or answer is None:
        return TYPICAL, _explain_typical(choice, has_labels=has_labels)
    return UNDECIDED, _explain_undecided(answer)


def _explain_typical(choice: Choice, *, has_labels: bool) -> str:
    n_others = choice.n_alike - 1
    if not n_others:
        return "in a group of its own"
    if not has_labels:
        return f"typical of {count_photos(choice.n_alike)} that are alike"
    if not choice.n_labelled:
        return f"typical of {count_photos(choice.n_alike)} that no labelled photo resembles"
    return f"typical of {count_photos(choice.n_alike)}, of which {choice.n_labelled:,} have a label or stand above"


def _explain_undecided(answer: Prediction) -> str:
    top = sorted(answer.probabilities.items(), key=lambda pair: -pair[1])[:2]
    is_sure = top[0][1] >= SURE
    shares = ", ".join(f"{label} {format_threshold(p) if is_sure else f'{p:.0%}'}" for label, p in top)
    if top[0][1] - top[1][1] <= UNSURE:
        return f"{shares}: the classifier is undecided"
    return f"{shares}: one of the least sure answers"


def _explain_strange(answer: Prediction) -> str:
    share = _round_down(1 - (1.0 if answer.novelty is None else answer.novelty))
    nearest = f"{answer.label} {answer.probability or 0:.0%}"
    return f"stranger than {share} of the training photos: maybe none of the classes (nearest: {nearest})"


def _round_down(share: float) -> str:
    """Write a share in whole percent, never as 100%."""
    return f"{min(99, int(100 * share + 1e-6))}%"
