"""The summary of a classifier: its stages with their sizes, what was trained, and what it was fitted on."""

from __future__ import annotations

from math import floor
from typing import Any

from headstart.backbone.scaling_graph import SCALED
from headstart.backbone.spec import PIXELS_CUT
from headstart.classifier.file import ClassifierFile
from headstart.classifier.label_sets import LabelSets
from headstart.classifier.refusal import AUTO, Refuse, say_refusal, settle_refusal
from headstart.engine.weight_counts import count_weights
from headstart.evaluation.words import METHODS, count_photos, format_percent

FEATURES = "features"  # name of the layer that the head takes
ARITHMETIC = {"f32": "float32", "bf16": "bfloat16", "int8": "int8"}
MAX_LABELS = 20  # in one line


def summarise_classifier(contents: ClassifierFile, refuse: Refuse = AUTO) -> dict[str, Any]:
    """Return the summary of a classifier in plain JSON types (about 10 ms). For ``refuse`` see `Classifier`.

    ``novelty`` has the number ``n`` of photos that the novelty test was measured on, and the share ``refuse``;
    ``label_sets`` the number ``n`` of held-out photos, the highest share that they can promise, ``most``, and
    ``top_share`` with ``top_share_ci95``. Each is None if the file has none.

    ``parts`` are the stages, the features and the head, from the input to the output. Each has ``name``, ``output``
    (height, width and channels, or the number of values), ``n_parameters`` and ``is_trained``. As in other libraries,
    the means and variances of batch norms count as frozen, because no gradient changes them.
    """
    about = contents.metadata
    stages = about.spec.stages
    counts = count_weights(contents.data, [*(stage.tensor for stage in stages), FEATURES], skipped=SCALED)
    parts, n_trained, is_above = [], 0, about.cut == PIXELS_CUT
    for stage, side, count in zip(stages, about.spec.list_sides(about.image_size), counts[:-1], strict=True):
        if count is not None:
            output = [stage.n_channels] if stage.tensor == FEATURES else [side, side, stage.n_channels]
            parts.append(_make_part(stage.name, output, count.n_weights, is_trained=is_above))
            n_trained += (count.n_weights - count.n_statistics) * is_above
        is_above = is_above or stage.name == about.cut
    rest = counts[-1].n_weights if counts[-1] is not None else 0
    if parts[-1]["output"] != [about.spec.n_features] or rest:
        parts.append(_make_part(FEATURES, [about.spec.n_features], rest, is_trained=False))
    n_head = contents.weights.size + contents.bias.size
    parts.append(_make_part("head", [len(about.labels)], n_head, is_trained=True))
    n_parameters = sum(part["n_parameters"] for part in parts)
    return {
        "schema": 1,
        "labels": list(about.labels),
        "backbone": about.spec.name,
        "method": about.method,
        "cut": about.cut,
        "head": about.head,
        "image_size": about.image_size,
        "precision": about.precision,
        "views": about.n_views,
        "averaged_views": about.n_averaged,
        "seed": about.seed,
        "n_fitted": len(about.trained_on),
        "decision": None if about.decision is None else about.decision.describe(),
        "novelty": _describe_novelty(about.n_novelty_photos, refuse),
        "label_sets": _describe_sets(about.label_sets),
        "parts": parts,
        "n_parameters": n_parameters,
        "n_trained": n_trained + n_head,
        "n_frozen": n_parameters - n_trained - n_head,
        "n_bytes": len(contents.data),
    }


def _describe_novelty(n_units: int | None, refuse: Refuse) -> dict[str, Any] | None:
    return None if n_units is None else {"n": n_units, "refuse": settle_refusal(refuse, n_units)}


def _describe_sets(sets: LabelSets | None) -> dict[str, Any] | None:
    if sets is None:
        return None
    interval = {"top_share": sets.top_share, "top_share_ci95": list(sets.top_share_ci95)}
    return {"n": sets.n_units, "most": sets.n_units / (sets.n_units + 1), **interval}


def _make_part(name: str, output: list[int], n_parameters: int, *, is_trained: bool) -> dict[str, Any]:
    return {"name": name, "output": output, "n_parameters": int(n_parameters), "is_trained": is_trained}


def list_part_rows(summary: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return the parts as text: name, size of the output, number of parameters, and whether they were trained."""
    return [
        (
            part["name"],
            " x ".join(f"{size:,}" for size in part["output"]),
            f"{part['n_parameters']:,}",
            "" if not part["n_parameters"] else "trained" if part["is_trained"] else "frozen",
        )
        for part in summary["parts"]
    ]


def list_facts(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the other facts of a summary as text, each with its name."""
    labels = summary["labels"]
    names = ", ".join(labels[:MAX_LABELS]) + (f" and {len(labels) - MAX_LABELS:,} more" * (len(labels) > MAX_LABELS))
    n_averaged, seconds = summary["averaged_views"], summary.get("ms_per_photo")
    facts = {
        "Labels": f"{len(labels):,}: {names}",
        "Backbone": f"{summary['backbone']}, {summary['image_size']} x {summary['image_size']} pixels, "
        f"{ARITHMETIC[summary['precision']]}",
        "Method": f"{summary['method']}: {METHODS.get(summary['method'], '')}",
        "Cut": "before the first stage" if summary["cut"] == PIXELS_CUT else f"after {summary['cut']}",
        "Averaged": f"{n_averaged} views of each photo" if n_averaged > 1 else "",
        "Parameters": f"{summary['n_parameters']:,}: {summary['n_trained']:,} trained, {summary['n_frozen']:,} frozen",
        "Fitted to": f"{count_photos(summary['n_fitted'], 'different')}{_name_splits(summary)}",
        "Answer": summary["decision"] or "the most probable class",
        "Refused": _say_refused(summary["novelty"]),
        "Label sets": _say_sets(summary["label_sets"]),
        "File": f"{summary['n_bytes'] / 1e6:.1f} MB",
        "Time": "" if seconds is None else f"{seconds:.1f} ms a photo on this machine, without decoding",
    }
    return [(name, text) for name, text in facts.items() if text]


def _say_refused(novelty: dict[str, Any] | None) -> str:
    if novelty is None:
        return say_refusal(None, None)
    text = say_refusal(novelty["refuse"], novelty["n"])
    return f"{text} Measured on {count_photos(novelty['n'])}." if novelty["refuse"] else text


def _say_sets(sets: dict[str, Any] | None) -> str:
    if sets is None:
        return "none: an earlier version wrote the classifier, or it was trained without held-out photos"
    low, high = map(format_percent, sets["top_share_ci95"])
    most, photos = floor(1000 * sets["most"]) / 10, count_photos(sets["n"], "held-out")
    return (
        f"up to {most:g}% can be promised, by {photos}; the most probable label alone was right for "
        f"{format_percent(sets['top_share'])} of them ({low} to {high})"
    )


def _name_splits(summary: dict[str, Any]) -> str:
    """Return the splits that the head was fitted to; only a run folder records them for the method fixed."""
    if summary["method"] != "fixed":  # the photos that the file knows are of both
        return " (train, and validation to choose the epoch)"
    return f" ({summary['fitted_on']})" if summary.get("fitted_on") else ""


def describe_network(summary: dict[str, Any]) -> dict[str, Any]:
    """Return the rows of the parts for the report, and a sentence above them."""
    facts = dict(list_facts(summary))
    sentence = (
        f"The parts of the classifier, from the photo to the classes. Number of parameters: {facts['Parameters']}. "
        f"Size of the file: {facts['File']}."
    )
    return {"rows": list_part_rows(summary), "sentence": sentence}


def write_summary(summary: dict[str, Any]) -> str:
    """Write a summary as text: the table of parts, and the facts below it."""
    rows = [("Part", "Output", "Parameters", ""), *list_part_rows(summary)]
    names, outputs, numbers = (max(len(row[column]) for row in rows) for column in range(3))
    lines = [f"{row[0]:<{names}}  {row[1]:<{outputs}}  {row[2]:>{numbers}}  {row[3]}".rstrip() for row in rows]
    facts = list_facts(summary)
    width = max(len(name) for name, _ in facts)
    return "\n".join([*lines, "", *(f"{name:<{width}}  {text}" for name, text in facts)])
