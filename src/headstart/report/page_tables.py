"""Make the tables of the report, as rows of text: the names of numbers, and how they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headstart.evaluation.cross_validation import find_cross_validation
from headstart.evaluation.quoting import choose_quote
from headstart.evaluation.verdict import HEADLINE_ORDER, add_guess, choose_headline
from headstart.evaluation.words import (
    MEASURES,
    METHODS,
    STAGES,
    count_photos,
    explain_start,
    format_number,
    format_percent,
    format_seconds,
)
from headstart.report.confidence_text import describe_confidence
from headstart.report.fitted_photos import describe_fitted_photos

FEATURES = {
    "last": "the mean of the last stage", "all": "the means of several stages, concatenated",
    "wide": "the means of several stages and of layers inside blocks, concatenated",
}  # fmt: skip
PRECISIONS = {
    "f32": "float32",
    "bf16": (
        "bfloat16 (other programs compute the classifier in float32, and in rare cases give another class if "
        "probabilities are close; --precision f32 avoids this)"
    ),
    "int8": "int8, quantised on training photos (other programs may give another class if probabilities are close)",
}
SPLIT_NAMES = {"test": "Test", "validation": "Validation", "train": "Training"}

Row = dict[str, Any]


def list_bars(metrics: Mapping[str, Any]) -> list[Row]:
    """List the bars at the top of the page: the classifier, cross-validation, and the majority guess.

    If the accuracy without near copies is quoted, it comes first.

    Each bar has ``label``, ``kind``, ``value`` (0 to 1), ``low`` and ``high`` (or None) and ``text``.
    """
    headline = choose_headline(metrics)
    if headline is None:
        return []
    split, numbers = headline
    quote, over_all, bars = choose_quote(metrics), find_cross_validation(metrics), []
    if quote is not None and quote.figure.name == "without_near_copies":
        clean = quote.figure
        bars.append(_make_bar("Without near copies", "classifier", clean.accuracy, clean.low, clean.high))
    if split != "train":  # the accuracy on training photos says nothing about new ones
        name = f"This classifier, {SPLIT_NAMES[split].lower()} photos"
        bars.append(_make_bar(name, "classifier", numbers["accuracy"], *numbers["accuracy_ci95"]))
    if over_all:
        low, high = over_all["accuracy_ci95"]
        bars.append(_make_bar("Cross-validation, all photos", "repeated", over_all["accuracy"], low, high))
        if quote is not None and quote.figure.name == "cross_validation":
            numbers = add_guess(over_all)  # as in the verdict
    guess = numbers.get("majority_accuracy")
    if guess is not None and bars:
        bars.append(_make_bar(f"Always answering '{numbers['majority_class']}'", "guess", guess, None, None))
    return bars


def list_measures(metrics: Mapping[str, Any]) -> Row:
    """Make the table of measures: ``columns`` (the splits with photos) and ``rows`` with ``cells``.

    A measure that is undefined in every split, such as top-3 accuracy of two classes, has no row.
    """
    splits = [split for split in HEADLINE_ORDER if metrics.get(split)]
    rows = []
    for key, name, meaning, kind in MEASURES:
        values = [metrics[split].get(key) for split in splits]
        if all(value is None for value in values):
            continue
        ranges = [""] * len(splits)
        if key == "accuracy":
            ranges = [" to ".join(map(format_percent, metrics[split]["accuracy_ci95"])) for split in splits]
        cells = [{"text": format_number(v, kind), "range": r} for v, r in zip(values, ranges, strict=True)]
        rows.append({"name": name, "meaning": meaning, "cells": cells})
    return {"columns": [SPLIT_NAMES[split] for split in splits], "rows": rows}


def list_classes(numbers: Mapping[str, Any]) -> list[Row]:
    """List for each class its position in the output, recall, precision, F1 and number of photos, as text."""
    return [
        {
            "number": place,
            "name": name,
            "recall": format_percent(row["recall"]),
            "range": " to ".join(map(format_percent, row["recall_ci95"])) if row["support"] else "",
            "precision": format_percent(row["precision"]),
            "f1": format_number(row["f1"], "number"),
            "support": format_number(row["support"], "count"),
        }
        for place, (name, row) in enumerate(numbers["per_class"].items())
    ]


def list_strengths(metrics: Mapping[str, Any]) -> list[Row]:
    """List the regularisation strengths that were tried, as text; ``is_chosen`` marks the chosen one."""
    strength = metrics.get("strength") or {}
    return [
        {
            "strength": f"{row['strength']:g}",
            "loss": format_number(row["loss"], "number"),
            "accuracy": format_percent(row["accuracy"]),
            "sd": f"± {100 * row['accuracy_sd']:.1f} points" if row.get("accuracy_sd") is not None else "",
            "is_chosen": row["strength"] == strength["chosen"],
        }
        for row in strength.get("table", [])
    ]


def has_weighted_strengths(metrics: Mapping[str, Any]) -> bool:
    """Say whether the losses and accuracies of `list_strengths` are weighted by class or photo, unlike all others."""
    told = (metrics.get("strength") or {}).get("is_weighted")
    return bool(metrics.get("class_weights")) if told is None else bool(told)  # earlier versions did not tell


def describe_settings(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List the settings and times of a training as (term, description), without those that the metrics lack."""
    method = metrics.get("method")
    precision = PRECISIONS.get(str(metrics.get("precision")), metrics.get("precision"))
    weights = metrics.get("class_weights") or {}
    seconds = {name: s for name, s in (metrics.get("seconds") or {}).items() if s is not None}
    depth = metrics.get("depth") or 16
    computed, cached = metrics.get("n_extracted"), metrics.get("n_cached")
    descriptions = {
        "Method": _describe_method(method, metrics),
        "Cut": _describe_cut(metrics.get("cut")),
        "Trained above the cut": _describe_tuning(metrics.get("tuning"), is_watched=bool(metrics.get("validation"))),
        "Features": FEATURES.get(metrics.get("features") or ""),
        "Head": metrics.get("head") and f"{metrics['head']} (the layer from features to classes)",
        "Compared": _describe_candidates(metrics.get("candidates")),
        "Fitted": describe_fitted_photos(metrics),
        "Confidence": describe_confidence(metrics),
        "Backbone": metrics.get("backbone") and f"{metrics['backbone']}, pretrained network in {precision}",
        "Image size": metrics.get("image_size") and f"{metrics['image_size']} by {metrics['image_size']} pixels",
        "Depth": depth < 16 and f"{depth} bits in files with 16 bits a sample: {2**depth - 1:,} is white",
        "Views per photo": metrics.get("views") and f"{metrics['views']} in training{_describe_average(metrics)}",
        "Class weights": ", ".join(f"{name} {weight:.3g}" for name, weight in weights.items()),
        "Seed": str(metrics["seed"]) if metrics.get("seed") is not None else None,
        "Photos": computed is not None and f"{count_photos(computed)} extracted, {cached or 0:,} read from the cache",
        "Time": ", ".join(f"{format_seconds(seconds[s])} {what}" for s, what in STAGES.items() if s in seconds),
        "Total time": format_seconds(seconds["total"]) if "total" in seconds else None,
        "Headstart": metrics.get("headstart") and f"version {metrics['headstart']}",
    }
    return [(term, text) for term, text in descriptions.items() if isinstance(text, str) and text]


def _describe_method(method: str | None, metrics: Mapping[str, Any]) -> str | None:
    if method not in METHODS:
        return method
    tuning = metrics.get("tuning") or {}
    is_start = metrics.get("validation") and tuning.get("best_epoch") == 0
    kept = (
        f"; {explain_start(tuning.get('n_errors', 0.0))}, so the network is as pretrained, with a head fitted to it"
        if is_start
        else ""
    )
    return f"{method}: {METHODS[method]}{kept}"


def list_trials(metrics: Mapping[str, Any]) -> Row | None:
    """List the trials of ``auto`` as text: ``rows`` with ``is_kept``, and ``why``, the reason for the end.

    ``is_above_cut`` says whether one of them was trained above a cut.
    """
    record = metrics.get("auto")
    if not record:
        return None
    rows = [
        {
            "what": _name_trial(trial, record["tried"][0].get("backbone")),
            "accuracy": format_percent(trial["accuracy"]),
            "judged_by": f"{trial['judged_by']}, {count_photos(trial['n'])}",
            "seconds": format_seconds(trial["seconds"]) if trial["seconds"] else "",  # 0: evaluated again, not trained
            "gain": _describe_gain(trial),
            "is_kept": trial["is_kept"],
        }
        for trial in record["tried"]
    ]
    is_above_cut = any(trial["method"] != "fixed" for trial in record["tried"])
    return {"rows": rows, "why": record["why"], "is_above_cut": is_above_cut}


def _name_trial(trial: Mapping[str, Any], usual: str | None) -> str:
    """Name a trial, with its backbone if that is not the ``usual`` one. Earlier versions recorded no backbone."""
    parts = [trial["method"]]
    if trial.get("backbone") != usual:
        parts.append(str(trial["backbone"]))
    if trial["method"] == "hybrid":
        parts.append(f"above {trial['cut']}")
    if trial["features"] != "last":
        parts.append({"all": "all stages", "wide": "wide features"}[trial["features"]])
    if trial["averaged_views"] > 1:
        parts.append(f"{trial['averaged_views']} views averaged")
    return ", ".join(parts)


def _describe_candidates(candidates: Sequence[Mapping[str, Any]] | None) -> str | None:
    """Describe the features and heads that cross-validation compared; None if there was nothing to compare."""
    if not candidates or len(candidates) < 2:
        return None
    texts = [
        f"{_name_backbone(one)}{one['features']} features with head {one['head']}: {format_percent(one['accuracy'])} "
        f"right, log loss {one['loss']:.3f}, {format_seconds(one['seconds'])}"
        for one in candidates
    ]
    return f"by cross-validation of the training photos: {'; '.join(texts)}"


def _name_backbone(candidate: Mapping[str, Any]) -> str:
    """Return the beginning of a candidate's description if backbones were compared."""
    return f"{candidate['backbone']}, " if "backbone" in candidate else ""


def _describe_gain(trial: Mapping[str, Any]) -> str:
    gain, needed = trial.get("gain"), trial.get("needed")
    if gain is None or needed is None:
        return ""
    word = "needs" if needed >= 0 else "may be"
    is_in_photos = trial.get("unit", "photos" if trial["judged_by"] == "cross-validation" else "nats") == "photos"
    if is_in_photos:
        text = f"{gain:+,} right ({word} {f'{needed:+,}' if needed else 0})"
    else:
        text = f"log loss {-gain:+.3f} ({word} {-needed:+.3f})".replace("-", "\N{MINUS SIGN}")
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _describe_cut(cut: str | None) -> str | None:
    if cut == "pixels":
        return "before the first stage: nothing is frozen"
    return cut and f"after {cut}: all stages up to this one are frozen"


def _describe_tuning(tuning: Mapping[str, Any] | None, *, is_watched: bool) -> str | None:
    if not tuning:
        return None
    n_errors = tuning.get("n_errors", 0.0)
    best = f"the best is epoch {tuning['best_epoch']}" if tuning["best_epoch"] else explain_start(n_errors)
    best += " (by the calibrated log loss on the validation photos)"
    if not is_watched:
        best = "the last is kept"
    epochs = "1 epoch" if tuning["n_epochs"] == 1 else f"{tuning['n_epochs']} epochs"
    went = f"{epochs} of {format_seconds(tuning['seconds_per_epoch'])} on {tuning['device']}, {best}"
    if not tuning["n_epochs"]:
        went = "stopped in the first epoch: the network before training is kept"
    return (
        f"{went}; AdamW, one cycle, peak learning rate {tuning['learning_rate']:g}; batch normalisation "
        f"{'trained' if tuning['is_norm_trained'] else 'as pretrained'}"
    )


def _describe_average(metrics: Mapping[str, Any]) -> str:
    n_averaged = metrics.get("averaged_views") or 1
    return f"; each answer is the average over {n_averaged}" if n_averaged > 1 else ""


def _make_bar(label: str, kind: str, value: float, low: float | None, high: float | None) -> Row:
    return {"label": label, "kind": kind, "value": value, "low": low, "high": high, "text": format_percent(value)}
