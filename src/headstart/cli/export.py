"""``headstart export``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headstart.cli.options import PLACE, json_option
from headstart.cli.speech import print_json, print_line


@click.command(short_help="Export a classifier to another format, with proof.")
@click.argument("model", type=PLACE)
@click.option(
    "--format", "kind", type=click.Choice(["onnx", "openvino", "litert", "keras", "html"]), default="onnx",
    help="onnx: for any ONNX runtime; openvino: OpenVINO IR (.xml and .bin); both take photos of any size. html: one "
    "page that opens in any browser, without network.",
)  # fmt: skip
@click.option("--int8", is_flag=True, help="Quantise it on up to 200 photos of --check: a third of the size.")
@click.option("--out", type=PLACE, help="The file to write.  [default: the run's name, here]")
@click.option("--check", type=PLACE, metavar="DATA", help="Labelled photos on which to prove that it answers the same.")
@click.option("--force", is_flag=True, help="Keep an export that answers otherwise.")
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
@json_option()
def export(
    model: Path,
    kind: str,
    int8: bool,
    out: Path | None,
    check: Path | None,
    force: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Export a classifier to another format, with its labels and its preprocessing inside.

    MODEL is a classifier (model.onnx), or the run folder that holds it. With --check, the export and the classifier are
    asked about your photos; one that names more than 0.5% of them otherwise (in int8 2%) is refused.
    """
    from headstart.exports.export import export_classifier

    report = export_classifier(model, kind, int8=int8, out=out, check=check, force=force, overwrite=overwrite)
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
    parity, accuracy, times = report["parity"], report["accuracy"], report["ms_per_photo"]
    n_alike = report["n"] - parity["n_disagreeing"]
    lines = [
        f"\nChecked on {report['n']:,} photos of {report['data']}:",
        f"  same label    {n_alike:,} of {report['n']:,} photos ({parity['label_agreement']:.2%})",
        f"  probability   differs by {parity['max_probability_gap']:.4f} at most, {parity['mean_probability_gap']:.6f} "
        "on average",
    ]
    if accuracy:
        told = [
            f"{name} {row['accuracy']:.1%} ({row['accuracy_ci95'][0]:.1%} to {row['accuracy_ci95'][1]:.1%})"
            for name, row in accuracy.items() if name != "n"
        ]  # fmt: skip
        which = f"on the {accuracy['n']:,} it was not trained on and whose label it knows"
        lines.append(f"  accuracy      {', '.join(told)}, {which}")
    else:
        lines.append("  accuracy      not judged: it was trained on all of them, or does not know their labels")
    lines.append(f"  for a photo   classifier {times['classifier']:.1f} ms, export {times['export']:.1f} ms, decoded")
    if report["skipped"]:
        first = report["skipped"][0]
        lines.append(f"  left out      {len(report['skipped']):,} files, such as '{first['path']}': {first['reason']}")
    return lines
