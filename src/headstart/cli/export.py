"""``headstart export``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headstart.classifier.refusal import NONE_OF_THESE
from headstart.cli.options import PATH, column_options, json_option, layout_option
from headstart.cli.printing import count_files, print_json, print_line, say_note
from headstart.errors import DisagreementError

_BOTH_IN = {"bf16": ", both in bf16, as is the default on this processor"}


@click.command(short_help="Export a classifier to another format, and check its answers.")
@click.argument("model", type=PATH)
@click.option(
    "--format", "kind", type=click.Choice(["onnx", "openvino", "litert", "keras", "html"]), default="onnx",
    help="Format to write. onnx: for any ONNX runtime. openvino: OpenVINO IR, .xml and .bin. keras: a standard Keras 3 "
    "model. These three take photos of any size. litert: a .tflite file for phones. html: one page that opens in a "
    "browser, without network.",
)  # fmt: skip
@click.option("--int8", is_flag=True, help="Quantise on up to 200 photos: a third of the size, but less accurate.")
@click.option("--out", type=PATH, help="File to write.  [default: the run's name, in the current folder]")
@click.option("--check", type=PATH, metavar="DATA", help="Labelled photos to compare export and classifier on.")
@click.option(
    "--calibrate", type=PATH, metavar="DATA",
    help="Labelled photos for --int8.  [default: the training photos in --check, if there are 50]",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Keep an export whose answers differ.")
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
@layout_option
@column_options
@json_option()
def export(
    model: Path, kind: str, int8: bool, out: Path | None, check: Path | None, calibrate: Path | None, force: bool,
    overwrite: bool, as_json: bool, **reading: Any,
) -> None:  # fmt: skip
    """Export a classifier to another format, with its labels and its preprocessing inside.

    MODEL is a classifier (model.onnx) or its run folder. With --check, the export and the classifier are compared on
    your photos. The export is refused if these show with 95% confidence that more than 0.5% of the labels differ (in
    int8 2%), or that as many photos are refused by one of the two alone. Training photos are left out of the comparison
    if at least 30 other photos remain.
    """
    from headstart.exports.export import export_classifier

    try:
        report = export_classifier(
            model, kind, int8=int8, out=out, check=check, calibrate=calibrate, force=force, overwrite=overwrite,
            **reading,
        )  # fmt: skip
    except DisagreementError as error:  # the comparison shows why
        if as_json:
            print_json(error.report)
        else:
            print_line("\n".join(_describe_check(error.report, is_kept=False)).lstrip())
        raise
    if as_json:
        print_json(report)
        return
    print_line(f"Wrote {report['path']} ({report['bytes'] / 1e6:.1f} MB, {len(report['labels'])} labels inside).")
    for line in _describe_rules(report):
        print_line(line)
    for note in report["notes"]:
        say_note(note)
    if "parity" in report:
        for line in _describe_check(report, is_kept=True):
            print_line(line)
        comparison = _compare_with_report(model, report)
        if comparison:
            print_line(comparison)
    else:
        print_line("It was not checked: give --check PHOTOS to compare its answers with the classifier's.")


def _compare_with_report(model: Path, report: dict[str, Any]) -> str:
    """Say whether the accuracy of the classifier is that of its run's report."""
    from headstart.runs.report_comparison import compare_with_report, find_run_metrics

    accuracy, metrics = report["accuracy"], find_run_metrics(model)
    if accuracy is None or metrics is None:
        return ""
    evaluated = accuracy["classifier"] | {key: source[key] for key, source in (
        ("photos_digest", accuracy), ("precision", report),
    )}  # fmt: skip
    return compare_with_report(evaluated, metrics)


def _describe_rules(report: dict[str, Any]) -> list[str]:
    """Say which rules make an answer of the outputs, and who applies them."""
    is_page, decision, refuse = report["format"] == "html", report["decision"], report["refuse"]
    places = {"keras": "as {}.json in the file", "litert": "as {}.json in the file"}
    place = places.get(report["format"], "in its metadata, under {}")
    lines = []
    if decision is not None:
        end = "The page follows this rule."
        if not is_page:
            end = f"The file gives probabilities, and has this rule {place.format('decision')}: apply it to them."
        lines.append(f"{decision} {end}")
    if refuse is not None:
        share = f"{100 * refuse:g}% of the classifier's own photos"
        lines.append(
            f"The page refuses the strangest photos as '{NONE_OF_THESE}': {share}." if is_page else
            f"Its output novelty is {refuse:g} or less for {share}: refuse such photos as '{NONE_OF_THESE}'. This rule "
            f"is {place.format('novelty')}."
        )  # fmt: skip
    return lines


def _describe_check(report: dict[str, Any], *, is_kept: bool) -> list[str]:
    from headstart.catalog.classes import describe_unknown_labels

    parity = report["parity"]
    lines = [
        f"\nChecked on {report['n']:,} photos of {report['data']}{_BOTH_IN.get(report['precision'], '')}:",
        *_describe_agreement(report["n"], parity),
        *_describe_decision(report, is_kept),
        f"  probability   differs by {parity['max_probability_gap']:.4f} at most, {parity['mean_probability_gap']:.6f} "
        "on average",
        *_describe_novelty(parity),
        _describe_accuracy(report["accuracy"], parity),
    ]
    unknown = describe_unknown_labels(report["unknown_labels"], report["labels"])
    for i, line in enumerate(unknown):
        lines.append(f"  {'unknown label' if i == 0 else '':<13} {line}, not in the accuracy")
    lines.append(_describe_times(report["ms_per_photo"], report["precision"]))
    if report["skipped"]:
        first = report["skipped"][0]
        lines.append(f"  left out      {count_files(report['skipped'])}, such as '{first['path']}': {first['reason']}")
    return lines


def _describe_decision(report: dict[str, Any], is_kept: bool) -> list[str]:
    from headstart.exports.agreement import describe_agreement
    from headstart.exports.stranger_check import describe_strangers

    labels, refusals = report["agreement"], report["refusal_agreement"]
    strangers = report.get("strangers")
    is_refused = labels["is_refused"] or (refusals is not None and refusals["is_refused"])
    is_refused = is_refused or (strangers is not None and not strangers["is_accepted"])
    decision = "accepted" if not is_refused else "kept by --force" if is_kept else "refused"
    which = "unseen " if report["parity"]["is_decided_on_unseen"] else ""
    lines = [f"  decision      {decision}: {describe_agreement(labels, which)}"]
    if refusals is not None:
        lines.append(f"    refusals    {describe_agreement(refusals, which)}")
    if strangers is not None:
        lines.append(f"    strangers   {describe_strangers(strangers)}")
    return lines


def _describe_novelty(parity: dict[str, Any]) -> list[str]:
    n_refused = parity["n_refused"]
    if n_refused is None:
        return []
    return [
        f"  {NONE_OF_THESE} {n_refused['classifier']:,} photos by the classifier, {n_refused['export']:,} by the "
        f"export, {parity['n_refused_differently']:,} of them by one alone; novelty differs by "
        f"{parity['max_novelty_gap']:.4f} at most"
    ]


def _describe_agreement(n: int, parity: dict[str, Any]) -> list[str]:
    lines = [f"  same label    {n - parity['n_disagreeing']:,} of {n:,} photos ({parity['label_agreement']:.2%})"]
    n_unseen, calibrated = parity["n_unseen"], parity["calibrated_on"]
    which = "not trained on" if calibrated is None else "neither trained on nor used to quantise"
    if 0 < n_unseen < n:
        n_alike = n_unseen - parity["n_disagreeing_unseen"]
        lines.append(f"    of unseen   {n_alike:,} of {n_unseen:,} ({parity['label_agreement_unseen']:.2%}): {which}")
    if not parity["is_decided_on_unseen"]:
        lines.append(f"    decided     on all photos, because only {n_unseen:,} are {which}")
    if calibrated is not None:
        noun = "photo" if calibrated["n"] == 1 else "photos"
        lines.append(
            f"  quantised     on {calibrated['n']:,} {noun}, {calibrated['n_trained_on']:,} of them training photos"
        )
    return lines


def _describe_accuracy(accuracy: dict[str, Any] | None, parity: dict[str, Any]) -> str:
    if accuracy is None:
        return "  accuracy      not measured: all photos are training photos or have unknown labels"
    rates = [
        f"{name} {row['accuracy']:.1%} ({row['accuracy_ci95'][0]:.1%} to {row['accuracy_ci95'][1]:.1%})"
        for name, row in accuracy.items() if name in ("classifier", "export")
    ]  # fmt: skip
    is_apart = parity["calibrated_on"] is not None and parity["is_decided_on_unseen"]
    which = "neither trained nor quantised on" if is_apart else "not trained on"
    return f"  accuracy      {', '.join(rates)}, on the {accuracy['n']:,} photos {which} with known labels"


def _describe_times(times: dict[str, Any], precision: str) -> str:
    line = f"  for a photo   classifier in {precision} {times['classifier']:.1f} ms"
    if times["export"] is None:
        return f"{line}; the page is not timed: a test driver controls the browser, and takes time of its own"
    return f"{line}, export {times['export']:.1f} ms, decoding included, one at a time"
