"""Say which photos a head was fitted to, and of which head the measures of each split are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.evaluation.fitted_splits import list_fitted_splits

WORDS = {"train": "training", "validation": "validation", "test": "test"}


def describe_fitted_photos(metrics: Mapping[str, Any]) -> str | None:
    """Describe the two fits of a head for the settings; None if there was only one."""
    splits = list_fitted_splits(metrics)
    if len(splits) == 1:
        return None
    names = [WORDS[split] for split in splits]
    return f"first to the training photos, then again to the {_join(names)} photos, with the same strength"


def explain_splits(metrics: Mapping[str, Any]) -> str:
    """Explain for the table of measures how far the measures of each split can be trusted."""
    splits = list_fitted_splits(metrics)
    validation = bool(metrics.get("validation"))
    sentences = []
    if metrics.get("test") and "test" not in splits:
        sentences.append("The classifier was neither fitted to the test photos nor chosen by them.")
    if validation and len(splits) == 1:
        sentences.append(
            "Validation photos were evaluated during training (the curves below), but the classifier was not fitted to "
            "them."
        )
    if len(splits) == 1:
        sentences.append(
            "The classifier was fitted to the training photos, so the measures on them are too good."
        )  # fmt: skip
        return " ".join(sentences)
    sentences.append(
        "The head was fitted twice: first to the training photos, and in the end to the "
        f"{_join([WORDS[split] for split in splits])} photos."
    )
    of_first = "validation and training measures and the curves below" if validation else "training measures"
    sentences.append(f"The {of_first} are those of the first fit.")
    if "test" in splits:
        sentences.append(
            "The test measures are those of a head that was fitted without the test photos. The head in the file was "
            "fitted to more photos, so expect it to be at least as accurate."
        )
    sentences.append("The measures on the training photos are too good, because the head was fitted to them.")
    return " ".join(sentences)


def _join(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
