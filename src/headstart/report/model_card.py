"""Write the model card of a run: use, measures and limits, as README.md with the YAML that model hubs read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from headstart.evaluation.quoting import choose_quote
from headstart.evaluation.verdict import HEADLINE_ORDER as SPLITS
from headstart.evaluation.verdict import choose_headline, write_verdict
from headstart.evaluation.words import count_photos, format_percent
from headstart.evaluation.working_points import say_working_points
from headstart.report.novelty_section import write_refusal
from headstart.report.page_tables import describe_settings

_ROWS = 100  # classes in the table; metrics.json lists all


def write_model_card(metrics: Mapping[str, Any], title: str) -> str:
    """Write the model card of a run in Markdown, from its ``metrics.json`` and the name of the set of photos."""
    headline = choose_headline(metrics)
    parts = [_write_front_matter(title, metrics), f"# {_escape(title)}", _escape(write_verdict(metrics)), _USE]
    if headline is not None:
        parts.append(_write_classes(*headline))
    if metrics.get("working_points"):
        parts.append(_write_working_points(metrics["working_points"]))
    refusal = write_refusal(metrics)
    if refusal:
        output = f"\n\n{_NOVELTY}" if metrics["novelty"]["refuse"] is not None else ""
        parts.append(f"## None of these\n\n{_escape(refusal)}{output}")
    settings = "\n".join(f"- {term}: {_escape(text)}" for term, text in describe_settings(metrics))
    parts += [f"## Training\n\n{settings}", _write_limits(metrics, headline)]
    return "\n\n".join(parts) + "\n"


_USE = """## Use

`model.onnx` is the whole classifier, with its labels and its preprocessing. It takes pixels and gives probabilities.

```python
import headstart as hs

model = hs.load("model.onnx")
print(model.predict("photo.jpg").top(3))
```

Any ONNX runtime can run it; its metadata describes its input. `headstart export` writes other formats."""


_NOVELTY = (
    "The output `novelty` of `model.onnx` is the share of the classifier's own photos that are at least as strange as "
    "the photo; its metadata has the rule under `novelty`."
)


def _write_front_matter(title: str, metrics: Mapping[str, Any]) -> str:
    """Write the YAML with the accuracy to quote; a JSON string is a valid YAML string."""
    lines = [
        "---", "library_name: headstart", "pipeline_tag: image-classification", "tags:", "- image-classification",
        "- transfer-learning", "- onnx",
    ]  # fmt: skip
    quote = choose_quote(metrics)
    if quote is not None:
        figure, name = quote.figure, json.dumps(title, ensure_ascii=False)
        is_split = figure.name in SPLITS
        label = "Accuracy" if is_split else f"Accuracy ({figure.name.replace('_', ' ')})"
        lines += [
            "model-index:", f"- name: {name}", "  results:", "  - task:", "      type: image-classification",
            "    dataset:", f"      name: {name}", f"      type: {name}",
            *([f"      split: {figure.name}"] if is_split else []), "    metrics:",
        ]  # fmt: skip
        values = [("accuracy", label, figure.accuracy)]
        if is_split and metrics[figure.name].get("macro_f1") is not None:
            values.append(("f1", "Macro F1", metrics[figure.name]["macro_f1"]))
        for kind, told, value in values:
            lines += [f"    - type: {kind}", f"      name: {told}", f"      value: {value:.6f}"]
    return "\n".join([*lines, "---"])


def _write_classes(split: str, numbers: Mapping[str, Any]) -> str:
    rows = list(numbers.get("per_class", {}).items())
    lines = [
        f"## Classes\n\nOn the {split} photos:\n", "| class | photos | recall | 95% interval | precision |",
        "|---|---|---|---|---|",
    ]  # fmt: skip
    for name, row in rows[:_ROWS]:
        interval = " to ".join(map(format_percent, row["recall_ci95"])) if row["support"] else ""
        lines.append(
            f"| {_escape(name)} | {row['support']:,} | {format_percent(row['recall'])} | {interval} "
            f"| {format_percent(row['precision'])} |"
        )
    if len(rows) > _ROWS:
        lines.append(f"\nAnd {len(rows) - _ROWS:,} more classes, in metrics.json.")
    return "\n".join(lines)


def _write_working_points(points: Sequence[Mapping[str, Any]]) -> str:
    lines = [f"- {_escape(text)}" for text in say_working_points(points)]
    text = (
        "Predictions of Headstart follow this rule. Other programs read probabilities from `model.onnx`; its metadata "
        "has the rule under `decision`. The measures above are those of the most probable class."
    )
    return "\n".join(["## Working point", "", *lines, "", text])


def _write_limits(metrics: Mapping[str, Any], headline: tuple[str, Mapping[str, Any]] | None) -> str:
    n_classes = len(metrics.get("classes", ()))
    novelty = metrics.get("novelty")
    others = f"- It names one of its {n_classes} classes for every photo, even if the photo shows something else."
    if novelty and novelty["refuse"] is not None:
        others = (
            f"- It names one of its {n_classes} classes, or none of these. A photo of a new class of the same kind is "
            "mostly not noticed: at a share of 5% about three quarters of such photos get one of the classes, at 1% "
            "nearly all."
        )
    lines = [
        others,
        "- The measures hold for photos like the ones it was evaluated on: of the same kind, place and camera.",
    ]
    if headline is not None and headline[0] != "test":
        lines.append(f"- There was no test split: the measures are those of the {headline[0]} photos.")
    if metrics.get("skipped"):
        lines.append(f"- {count_photos(len(metrics['skipped']))} could not be used; metrics.json gives the reasons.")
    return "## Limits\n\n" + "\n".join(lines)


def _escape(text: str) -> str:
    """Escape what Markdown or HTML would interpret."""
    for character in "\\`*_[]<>|#":
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", " ")
