"""``headstart export``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headstart.cli.options import PLACE, json_option
from headstart.cli.printing import print_json, print_line
from headstart.cli.unknown_labels import tell_unknown_labels

_BOTH = {"bf16": ", both in bf16, as is the default on this processor"}


@click.command(short_help="Export a classifier to another format, with proof.")
@click.argument("model", type=PLACE)
@click.option(
    "--format", "kind", type=click.Choice(["onnx", "openvino", "litert", "keras", "html"]), default="onnx",
    help="onnx: for any ONNX runtime. openvino: OpenVINO IR, .xml and .bin. keras: a stock Keras 3 model. All three "
    "take photos of any size. litert: a .tflite for phones. html: one page that opens in any browser, without network.",
)  # fmt: skip
@click.option("--int8", is_flag=True, help="Quantise it on up to 200 photos: a third of the size, and less accurate.")
@click.option("--out", type=PLACE, help="The file to write.  [default: the run's name, here]")
@click.option("--check", type=PLACE, metavar="DATA", help="Labelled photos on which to prove that it answers the same.")
@click.option(
    "--calibrate", type=PLACE, metavar="DATA",
    help="Labelled photos for --int8.  [default: of --check those that it was trained on, if there are 50]",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Keep an export that answers otherwise.")
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
@json_option()
def export(
    model: Path,
    kind: str,
    int8: bool,
    out: Path | None,
    check: Path | None,
    calibrate: Path | None,
    force: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Export a classifier to another format, with its labels and its preprocessing inside.

    MODEL is a classifier (model.onnx), or the run folder that holds it. With --check, the export and the classifier are
    asked about your photos; one that names more than 0.5% of them otherwise (in int8 2%) is refused. Photos that it was
    trained on count only where fewer than 30 others are there.
    """
    from headstart.exports.export import export_classifier

    report = export_classifier(
        model, kind, int8=int8, out=out, check=check, calibrate=calibrate, force=force, overwrite=overwrite
    )
    if as_json:
        print_json(report)
        return
    print_line(f"Wrote {report['path']} ({report['bytes'] / 1e6:.1f} MB, {len(report['labels'])} labels inside).")
    if "parity" in report:
        for line in _tell(report):
            print_line(line)
    else:
        print_line("It was not checked: give --check PHOTOS for proof that it answers the same.")


def _tell(report: dict[str, Any]) -> list[str]:
    parity = report["parity"]
    lines = [
        f"\nChecked on {report['n']:,} photos of {report['data']}{_BOTH.get(report['precision'], '')}:",
        *_tell_agreement(report["n"], parity),
        f"  probability   differs by {parity['max_probability_gap']:.4f} at most, {parity['mean_probability_gap']:.6f} "
        "on average",
        _tell_accuracy(report["accuracy"], parity),
    ]
    unknown = list(tell_unknown_labels(report["unknown_labels"], report["labels"]))
    lines += [
        f"  {'unknown label' if i == 0 else '':<13} {line}, not in the accuracy" for i, line in enumerate(unknown)
    ]
    lines.append(_tell_times(report["ms_per_photo"], report["precision"]))
    if report["skipped"]:
        first = report["skipped"][0]
        lines.append(f"  left out      {len(report['skipped']):,} files, such as '{first['path']}': {first['reason']}")
    return lines


def _tell_agreement(n: int, parity: dict[str, Any]) -> list[str]:
    lines = [f"  same label    {n - parity['n_disagreeing']:,} of {n:,} photos ({parity['label_agreement']:.2%})"]
    n_unseen, calibrated = parity["n_unseen"], parity["calibrated_on"]
    which = "not trained on" if calibrated is None else "neither trained on nor used to quantise"
    if 0 < n_unseen < n:
        n_alike = n_unseen - parity["n_disagreeing_unseen"]
        lines.append(f"    of unseen   {n_alike:,} of {n_unseen:,} ({parity['label_agreement_unseen']:.2%}): {which}")
    if not parity["is_decided_on_unseen"]:
        lines.append(f"    decided     on all of them, for only {n_unseen:,} are {which}")
    if calibrated is not None:
        told = f"{calibrated['n']:,} photos, {calibrated['n_trained_on']:,} of which it was trained on"
        lines.append(f"  quantised     on {told}")
    return lines


def _tell_accuracy(accuracy: dict[str, Any] | None, parity: dict[str, Any]) -> str:
    if accuracy is None:
        return "  accuracy      not judged: it was trained on all of them, or does not know their labels"
    told = [
        f"{name} {row['accuracy']:.1%} ({row['accuracy_ci95'][0]:.1%} to {row['accuracy_ci95'][1]:.1%})"
        for name, row in accuracy.items() if name != "n"
    ]  # fmt: skip
    is_apart = parity["calibrated_on"] is not None and parity["is_decided_on_unseen"]
    which = "neither trained nor quantised on" if is_apart else "not trained on"
    return f"  accuracy      {', '.join(told)}, on the {accuracy['n']:,} it was {which} and whose label it knows"


def _tell_times(times: dict[str, Any], precision: str) -> str:
    line = f"  for a photo   classifier in {precision} {times['classifier']:.1f} ms"
    if times["export"] is None:
        return f"{line}; the page is not timed, for a driver stands between"
    return f"{line}, export {times['export']:.1f} ms, decoding included, one at a time"
