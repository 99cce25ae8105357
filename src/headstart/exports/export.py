"""Export a classifier to another format, and prove on photos that it answers the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.catalog.scan import scan_labelled
from headstart.classifier.classifier import Classifier
from headstart.classifier.file import ClassifierFile, read_classifier
from headstart.errors import ExportError
from headstart.exports.calibration_split import choose_calibrating
from headstart.exports.certificate import ask_both, certify
from headstart.exports.formats import FORMATS, Format
from headstart.exports.int8 import quantise_classifier
from headstart.features.calibration_photos import read_for_calibration
from headstart.process.progress import show_progress

# of the photos; an export that names more of them otherwise is refused
MOST_DISAGREEING, MOST_DISAGREEING_INT8 = 0.005, 0.02


def export_classifier(
    model: str | Path, format: str = "onnx", *, out: str | Path | None = None,  # noqa: A002  as the option is called
    int8: bool = False, check: Catalog | str | Path | None = None, calibrate: Catalog | str | Path | None = None,
    force: bool = False, overwrite: bool = False, verbose: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """Export a classifier file to another format, with its labels and its preprocessing inside.

    Parameters
    ----------
    model
        A classifier file, or the run folder that holds it.
    format
        ``onnx``, ``openvino``, ``litert``, ``keras`` or ``html``.
    out
        The file to write; default: the run's name and the format's suffix, in the current folder.
    int8
        Quantise it, a third of the size, on up to 200 of the photos of ``calibrate``.
    check
        Photos, labelled: the export and the classifier are asked about them (the test photos, if the folder or CSV
        names any, otherwise all), the classifier in float32, or in bf16 where the export's runtime computes in it.
    calibrate
        Photos, labelled, to quantise it on; default: those of ``check``. Taken first are those that the classifier was
        trained on, then those that are not checked.
    force
        Keep an export that disagrees with the classifier on more than 0.5% of the checked photos, in int8 2%: of the
        unseen ones, if there are 30.

    Returns
    -------
    Plain JSON types: ``format``, ``path``, ``bytes``, ``labels``, and with ``check`` what `certify` says, ``data`` and
    ``precision``, the classifier's in this comparison.

    Raises
    ------
    ExportError
        If there is no such format, the file cannot be written, or the export disagrees.
    """
    if format not in FORMATS:
        raise ExportError(f"Cannot export to {format!r}: need one of {', '.join(FORMATS)}.")
    kind, source = FORMATS[format], Path(model)
    contents = read_classifier(source)
    path = Path(out) if out is not None else Path(name_export(source) + kind.suffix)
    _check_targets(path, kind, source / "model.onnx" if source.is_dir() else source, overwrite)
    report: dict[str, Any] = {
        "schema": 1,
        "format": format,
        "int8": int8,
        "path": str(path),
        "labels": list(contents.metadata.labels),
    }
    if int8 and kind.int8 is None:
        raise ExportError(f"Cannot export to {format} in int8: it has none.")
    if int8 and check is None and calibrate is None:
        raise ExportError(
            "Cannot export in int8: need photos to set its scales. Give --check PHOTOS, or --calibrate PHOTOS."
        )
    if check is not None:
        kind.require(int8)
    given = None if check is None else _scan(check, verbose)
    checked = [] if given is None else list(given.select("test") or given.photos)
    calibrating: list[Photo] = []
    if int8 and not contents.metadata.is_quantised:
        pool = given if calibrate is None else _scan(calibrate, verbose)
        calibrating = choose_calibrating(pool.photos if pool else (), checked, contents.metadata)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.stem}.partial-", dir=path.parent) as folder:
            made = Path(folder, path.name)
            _write(kind, contents, made, calibrating, verbose)
            report["bytes"] = sum(file.stat().st_size for file in Path(folder).iterdir())
            if given is not None:
                report |= {"data": str(check), **_check(kind, contents, made, checked, calibrating, verbose)}
                is_int8 = int8 or contents.metadata.is_quantised
                _refuse(report, MOST_DISAGREEING_INT8 if is_int8 else MOST_DISAGREEING, force)
            # the file that names the others goes last
            for file in sorted(Path(folder).iterdir(), key=lambda file: file == made):
                file.replace(path.parent / file.name)
    except OSError as error:
        raise ExportError(f"Cannot export to '{path}': {error.strerror or error}. Choose another --out.") from None
    return report


def _check_targets(path: Path, kind: Format, classifier: Path, overwrite: bool) -> None:
    """Refuse names that would replace what is not to be replaced, of the file and of what belongs beside it."""
    if path.suffix != kind.suffix:
        raise ExportError(f"Cannot export to '{path}': need a name that ends with {kind.suffix}.")
    for target in (path, *(path.with_suffix(suffix) for suffix in kind.beside)):
        if not target.exists():
            continue
        if target.is_dir():
            raise ExportError(f"Cannot export to '{target}': it is a folder. Choose another --out.")
        if target.samefile(classifier):
            raise ExportError(f"Cannot export to '{target}': it is the classifier itself. Choose another --out.")
        if not overwrite:
            raise ExportError(
                f"Cannot export to '{target}': it exists already. Give --overwrite to replace it, or another --out."
            )


def name_export(model: Path) -> str:
    """Return the name of a run folder, or of a classifier file that is in none."""
    folder = model if model.is_dir() else model.parent
    name = folder.resolve().name if model.is_dir() or model.name == "model.onnx" else model.stem
    return name or "classifier"


def _scan(source: Catalog | str | Path, verbose: bool) -> Catalog:
    if isinstance(source, Catalog):
        return source
    with show_progress("Scanning", is_shown=verbose) as progress:
        return scan_labelled(source, progress=progress)


def _write(kind: Format, contents: ClassifierFile, path: Path, calibrating: list[Photo], verbose: bool) -> None:
    if not calibrating:
        return kind.write(contents.data, contents.metadata, path, None)
    with show_progress("Quantising", is_shown=verbose, unit="steps") as progress:
        if kind.int8 == "headstart":
            quantised = quantise_classifier(contents, calibrating, progress=progress)
            return kind.write(quantised.data, quantised.metadata, path, None)
        pixels = read_for_calibration(calibrating, contents.metadata.image_size)
        return kind.write(contents.data, contents.metadata, path, pixels)


def _check(
    kind: Format, contents: ClassifierFile, path: Path, photos: list[Photo], calibrated: list[Photo], verbose: bool
) -> dict[str, Any]:
    # what int8 loses is told against the whole; an export in bf16 is compared with the classifier in bf16
    is_int8 = bool(calibrated) or contents.metadata.is_quantised
    precision = "f32" if is_int8 else kind.find_precision()
    with kind.open(path) as answer, show_progress("Checking", is_shown=verbose) as progress:
        classifier = Classifier(contents, precision=precision)
        answers = ask_both(classifier, answer, photos, progress=progress)
    certificate = {"precision": classifier.precision, **certify(classifier, answers, calibrated)}
    if not kind.is_timed:
        certificate["ms_per_photo"]["export"] = None
    return certificate


def _refuse(report: dict[str, Any], most: float, force: bool) -> None:
    parity, accuracy = report["parity"], report["accuracy"]
    end = "_unseen" if parity["is_decided_on_unseen"] else ""
    n_other = parity[f"n_disagreeing{end}"] + parity[f"n_unanswered{end}"]
    n = (parity["n_unseen"] if end else report["n"]) + parity[f"n_unanswered{end}"]
    if n_other <= most * n or force:
        return
    told = "" if accuracy is None else (
        f" Accuracy on {accuracy['n']:,} unseen photos: classifier {accuracy['classifier']['accuracy']:.1%}, export "
        f"{accuracy['export']['accuracy']:.1%}."
    )  # fmt: skip
    raise ExportError(
        f"Cannot export to '{report['path']}': it answers {n_other:,} of {n:,} {'unseen ' if end else ''}photos "
        f"otherwise than the classifier, or not at all, more than {most:.1%}.{told} Give --force to keep it all the "
        "same."
    )
