"""Export a classifier to another format, and prove on photos that it answers the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from headstart.catalog.scan import scan_labelled
from headstart.catalog.table import Catalog, Photo
from headstart.classifier.classifier import Classifier
from headstart.classifier.file import ClassifierFile, read_classifier
from headstart.errors import ExportError
from headstart.exports.certificate import ask_both, certify
from headstart.exports.formats import FORMATS, Format
from headstart.exports.int8 import quantise_classifier
from headstart.features.calibrating import read_for_calibration
from headstart.progress import show_progress

# of the photos; an export that names more of them otherwise is refused
MOST_DISAGREEING, MOST_DISAGREEING_INT8 = 0.005, 0.02


def export_classifier(
    model: str | Path, format: str = "onnx", *, out: str | Path | None = None,  # noqa: A002  as the option is called
    int8: bool = False, check: Catalog | str | Path | None = None, force: bool = False, overwrite: bool = False,
    verbose: bool = True,
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
        Quantise it on up to 200 of the photos of ``check``: a third of the size.
    check
        Photos, labelled: the export and the classifier are asked about them (the test photos, if the folder or CSV
        names any, otherwise all), the classifier in float32.
    force
        Keep an export that disagrees with the classifier on more than 0.5% of these photos, in int8 2%.

    Returns
    -------
    Plain JSON types: ``format``, ``path``, ``bytes``, ``labels``, and with ``check`` what `certify` says and ``data``.

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
    if int8 and (kind.int8 is None or check is None):
        raise ExportError(
            f"Cannot export to {format} in int8: it has none." if kind.int8 is None else
            "Cannot export in int8: need photos to set its scales. Give --check PHOTOS."
        )  # fmt: skip
    photos = None if check is None else _select(check, verbose)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.stem}.partial-", dir=path.parent) as folder:
            made = Path(folder, path.name)
            _write(kind, contents, made, photos if int8 else None, verbose)
            report["bytes"] = sum(file.stat().st_size for file in Path(folder).iterdir())
            if photos is not None:
                with kind.open(made) as answer, show_progress("Checking", is_shown=verbose) as progress:
                    classifier = Classifier(contents, precision="f32")
                    answers = ask_both(classifier, answer, photos, progress=progress)
                report |= {"data": str(check), **certify(classifier, answers)}
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


def _select(check: Catalog | str | Path, verbose: bool) -> list[Photo]:
    if not isinstance(check, Catalog):
        with show_progress("Scanning", is_shown=verbose) as progress:
            check = scan_labelled(check, progress=progress)
    return list(check.select("test") or check.photos)


def _write(kind: Format, contents: ClassifierFile, path: Path, calibrating: list[Photo] | None, verbose: bool) -> None:
    if calibrating is None:
        return kind.write(contents.data, contents.metadata, path, None)
    with show_progress("Quantising", is_shown=verbose, unit="steps") as progress:
        if kind.int8 == "headstart":
            quantised = quantise_classifier(contents, calibrating, progress=progress)
            return kind.write(quantised.data, quantised.metadata, path, None)
        pixels = read_for_calibration(calibrating, contents.metadata.image_size)
        return kind.write(contents.data, contents.metadata, path, pixels)


def _refuse(report: dict[str, Any], most: float, force: bool) -> None:
    parity = report["parity"]
    n_other, n = parity["n_disagreeing"] + parity["n_unanswered"], report["n"] + parity["n_unanswered"]
    if n_other > most * n and not force:
        raise ExportError(
            f"Cannot export to '{report['path']}': it answers {n_other:,} of {n:,} photos otherwise than the "
            f"classifier, or not at all, more than {most:.1%}. Give --force to keep it all the same."
        )
