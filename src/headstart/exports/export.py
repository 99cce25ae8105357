"""Export a classifier to another format, and certify on photos that the export predicts the same."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.catalog.scan import scan_labelled
from headstart.catalog.source import find_source, refuse_reading
from headstart.catalog.table_columns import ColumnNames
from headstart.classifier.classifier import Classifier
from headstart.classifier.file import ClassifierFile, read_classifier
from headstart.classifier.refusal import choose_refusal
from headstart.errors import DisagreementError, ExportError
from headstart.exports.agreement import describe_agreement, judge_agreement
from headstart.exports.certificate import build_certificate, predict_with_both
from headstart.exports.formats import FORMATS, Format
from headstart.exports.int8 import choose_calibration_photos, quantise_classifier
from headstart.exports.stranger_check import compare_on_strangers, describe_strangers
from headstart.exports.unused_options import list_unused_options
from headstart.features.calibration_photos import read_for_calibration
from headstart.process.progress import show_progress
from headstart.storage.partial_folders import make_partial_folder

# limit of the share of photos with another label; an export that exceeds it is refused (`judge_agreement`)
MOST_DISAGREEING, MOST_DISAGREEING_INT8 = 0.005, 0.02


def export_classifier(
    model: str | Path, format: str = "onnx", *, out: str | Path | None = None,  # noqa: A002  as the option is called
    int8: bool = False, check: Catalog | str | Path | None = None, calibrate: Catalog | str | Path | None = None,
    force: bool = False, overwrite: bool = False, layout: str = "auto", path_column: str | None = None,
    label_column: str | None = None, group_column: str | None = None, verbose: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """Export a classifier file to another format, with its labels and its preprocessing inside.

    Parameters
    ----------
    model
        Classifier file, or the run folder that contains it.
    format
        ``onnx``, ``openvino``, ``litert``, ``keras`` or ``html``.
    out
        File to write. Default: the run's name with the format's suffix, in the current folder.
    int8
        Whether to quantise the export, to a third of the size, on up to 200 photos of ``calibrate``.
    check
        Labelled photos that the export and the classifier both predict, see `build_certificate`: the test photos if the
        folder or CSV names any, otherwise all. The classifier computes in float32, or in bf16 if the export's runtime
        does.
    calibrate
        Labelled photos to quantise on, see `choose_calibration_photos`. Default: those of ``check``.
    force
        Whether to keep an export that differs from the classifier too often: the checked photos show, with 95%
        confidence, that more than 0.5% of the labels differ, or 2% in int8, or that as many photos are refused by one
        of the two alone. If at least 30 photos are unseen, only these count.
    overwrite
        Whether to replace existing files.
    layout, path_column, label_column, group_column
        How ``check`` and ``calibrate`` are read; see `scan_photos`.
    verbose
        Whether to show progress.

    Returns
    -------
    Plain JSON types: ``format``, ``path``, ``bytes``, ``labels``, ``decision``, the rule of the answer in words, or
    None if it is the most probable class, and ``refuse``, the share of its own photos that the classifier refuses by
    default, or None. With ``check`` also ``data``, the certificate, ``agreement`` on labels and ``refusal_agreement``
    on refused photos (see `Agreement`; None if no photo is refused), and ``precision``, in which the classifier
    computed for it. ``notes`` (texts) and ``note_records`` are notes on the photos and on options without effect.

    Raises
    ------
    ExportError
        If the format is unknown, or the file cannot be written.
    DisagreementError
        If the export differs from the classifier too often. It has the ``report``.
    """
    if format not in FORMATS:
        raise ExportError(f"Cannot export: got format {format!r}, need one of {', '.join(FORMATS)}.")
    kind, source = FORMATS[format], Path(model)
    contents = read_classifier(source)
    path = Path(out) if out is not None else Path(name_export(source) + kind.suffix)
    _check_targets(path, kind, source / "model.onnx" if source.is_dir() else source, overwrite)
    labels = list(contents.metadata.labels)
    report: dict[str, Any] = {"schema": 1, "format": format, "int8": int8, "path": str(path), "labels": labels}
    decision = contents.metadata.decision
    report["decision"] = None if decision is None else decision.describe()
    report["refuse"] = choose_refusal(contents.metadata.n_novelty_photos)
    if int8 and kind.int8 is None:
        raise ExportError(f"Cannot export to {format} in int8: this format has no int8. Leave out --int8.")
    is_quantised = contents.metadata.is_quantised
    if int8 and not is_quantised and check is None and calibrate is None:
        raise ExportError(
            "Cannot export in int8: got no photos, need some to quantise on. Give --check PHOTOS or --calibrate PHOTOS."
        )
    if check is not None:
        kind.require(int8)
    columns = ColumnNames(path_column, label_column, group_column)
    scan = partial(_scan, layout=layout, columns=columns, verbose=verbose)
    given = None if check is None else scan(check)
    checked = [] if given is None else list(given.select("test") or given.photos)
    calibrated: list[Photo] = []
    if int8 and not is_quantised:
        pool = given if calibrate is None else scan(calibrate)
        calibrated = choose_calibration_photos(pool.photos if pool else (), checked, contents.metadata)
    notes = list_unused_options(
        has_check=check is not None, has_calibrate=calibrate is not None, int8=int8, force=force,
        is_quantised=is_quantised, layout=layout, columns=columns,
    )  # fmt: skip
    notes += given.notes if given is not None else ()
    report |= {"notes": [note.text for note in notes], "note_records": [note.to_record() for note in notes]}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with make_partial_folder(path) as folder:
            made = folder / path.name
            calibrated = _write(kind, contents, made, calibrated, verbose)
            report["bytes"] = sum(file.stat().st_size for file in folder.iterdir())
            if given is not None:
                certificate = _certify(kind, contents, made, photos=checked, calibrated=calibrated, verbose=verbose)
                report |= {"data": str(check), **certificate}
                most = MOST_DISAGREEING_INT8 if int8 or is_quantised else MOST_DISAGREEING
                report |= _judge(report, most)
                if not force:
                    _refuse_disagreement(report)
            # the main file last, because it refers to the others
            for file in sorted(folder.iterdir(), key=lambda file: file == made):
                file.replace(path.parent / file.name)
    except OSError as error:
        raise _refuse_path(path, f"{error.strerror or error}. Choose another --out.") from None
    return report


def _check_targets(path: Path, kind: Format, classifier: Path, overwrite: bool) -> None:
    """Refuse to replace a folder, the classifier itself, or an existing file: the main file or one beside it."""
    if path.suffix != kind.suffix:
        raise _refuse_path(path, f"need a name that ends with {kind.suffix}.")
    for target in (path, *(path.with_suffix(suffix) for suffix in kind.beside)):
        if not target.exists():
            continue
        if target.is_dir():
            raise _refuse_path(target, "it is a folder. Choose another --out.")
        if target.samefile(classifier):
            raise _refuse_path(target, "it is the classifier itself. Choose another --out.")
        if not overwrite:
            raise _refuse_path(target, "it exists already. Give --overwrite to replace it, or another --out.")


def _refuse_path(path: Path, reason: str) -> ExportError:
    return ExportError(f"Cannot export to '{path}': {reason}", path=path)


def name_export(model: Path) -> str:
    """Return the name of the run folder, or of a classifier file outside a run folder."""
    folder = model if model.is_dir() else model.parent
    name = folder.resolve().name if model.is_dir() or model.name == "model.onnx" else model.stem
    return name or "classifier"


def _scan(source: Catalog | str | Path, *, layout: str, columns: ColumnNames, verbose: bool) -> Catalog:
    if isinstance(source, Catalog):
        refuse_reading(layout, columns)
        return source
    with show_progress("Scanning", is_shown=verbose) as progress:
        return scan_labelled(find_source(source, columns, layout=layout), progress=progress)


def _write(kind: Format, contents: ClassifierFile, path: Path, calibrated: list[Photo], verbose: bool) -> list[Photo]:
    """Write an export, and return the photos that it was quantised on: those of ``calibrated`` that can be read."""
    if not calibrated:
        kind.write(contents, path, None)
        return []
    with show_progress("Quantising", is_shown=verbose, unit="steps") as progress:
        if kind.int8 == "headstart":
            quantised, read = quantise_classifier(contents, calibrated, progress=progress)
            kind.write(quantised, path, None)
            return read
        pixels, read = read_for_calibration(calibrated, contents.metadata.image_size, depth=contents.metadata.depth)
        kind.write(contents, path, pixels)
        return read


def _certify(
    kind: Format, contents: ClassifierFile, path: Path, *, photos: list[Photo], calibrated: list[Photo], verbose: bool
) -> dict[str, Any]:
    # an int8 export is compared with float32, to show what it loses; one in bf16 with the classifier in bf16
    is_int8 = bool(calibrated) or contents.metadata.is_quantised
    precision = "f32" if is_int8 else kind.find_precision()
    with kind.open(path) as predict, show_progress("Checking", is_shown=verbose) as progress:
        classifier = Classifier(contents, precision=precision)
        predictions = predict_with_both(classifier, predict, photos, progress=progress)
        strangers = compare_on_strangers(classifier, predict)
    certificate = {"precision": classifier.precision, **build_certificate(classifier, predictions, calibrated)}
    certificate["strangers"] = strangers
    if not kind.is_timed:
        certificate["ms_per_photo"]["export"] = None
    return certificate


def _judge(report: dict[str, Any], most: float) -> dict[str, Any]:
    """Return how an export agrees with its classifier on labels and on refused photos, from the certificate."""
    parity, accuracy = report["parity"], report["accuracy"] or {}
    end = "_unseen" if parity["is_decided_on_unseen"] else ""
    n_unanswered, n = parity[f"n_unanswered{end}"], parity["n_unseen"] if end else report["n"]
    labels = judge_agreement(
        parity[f"n_disagreeing{end}"] + n_unanswered, n + n_unanswered, most=most, n_lost=accuracy.get("n_lost", 0),
        n_won=accuracy.get("n_won", 0), n_labelled=accuracy.get("n", 0),
    )  # fmt: skip
    n_other = parity[f"n_refused_differently{end}"]
    refusals = None if n_other is None else judge_agreement(n_other, n, most=most).to_dict()
    return {"agreement": labels.to_dict(), "refusal_agreement": refusals}


def _refuse_disagreement(report: dict[str, Any]) -> None:
    labels, refusals, accuracy = report["agreement"], report["refusal_agreement"], report["accuracy"]
    which = "unseen " if report["parity"]["is_decided_on_unseen"] else ""
    if refusals is not None and refusals["is_refused"] and not labels["is_refused"]:
        raise DisagreementError(
            f"Cannot export to '{report['path']}': too many photos are refused by the classifier or by the export "
            f"alone: {describe_agreement(refusals, which)}. Give --force to keep the export.",
            report,
        )
    strangers = report.get("strangers")
    if strangers is not None and not strangers["is_accepted"] and not labels["is_refused"]:
        raise DisagreementError(
            f"Cannot export to '{report['path']}': the export does not refuse what the classifier refuses: "
            f"{describe_strangers(strangers)}. Give --force to keep the export.",
            report,
        )
    if not labels["is_refused"]:
        return
    accuracies = "" if accuracy is None else (
        f" Accuracy on {accuracy['n']:,} unseen photos: classifier {accuracy['classifier']['accuracy']:.1%}, export "
        f"{accuracy['export']['accuracy']:.1%}."
    )  # fmt: skip
    raise DisagreementError(
        f"Cannot export to '{report['path']}': the export and the classifier disagree: "
        f"{describe_agreement(labels, which)}.{accuracies} Give --force to keep the export.",
        report,
    )
