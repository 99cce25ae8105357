"""The formats that a classifier can be exported to: how each is written, opened and run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from headstart.backbone.graph_file import make_name, take_apart
from headstart.classifier.build import make_ends
from headstart.classifier.file import ClassifierFile
from headstart.classifier.rules import describe_rules
from headstart.exports.browser import open_in_browser, require_browser
from headstart.exports.html_page import write_page
from headstart.exports.keras_model import open_keras, write_keras
from headstart.exports.licence_notice import PREFIX, write_notice
from headstart.exports.litert import open_litert, write_litert
from headstart.exports.openvino_ir import find_default_precision, open_openvino_ir, write_openvino
from headstart.exports.prediction import Outputs, Pixels, PredictOne
from headstart.exports.resizing_graph import prepend_resizing
from headstart.process.packages import require_packages
from headstart.version import __version__

PIXELS = (
    "uint8 RGB, 0 to 255, of upright photos (EXIF orientation applied) of any height and width, all of one batch the "
    "same. The graph scales them to {0} x {0} pixels and does the rest of the arithmetic."
)


@dataclass(frozen=True, kw_only=True)
class Format:
    """A format to export to.

    Attributes
    ----------
    suffix
        Suffix of the main file.
    write
        Function that writes a classifier to a path. Its last argument is the pixels to quantise on, or None.
    open
        Context manager that opens an export and gives its function to predict a photo.
    int8
        How an int8 export is made. ``headstart``: the classifier is quantised before it is written. ``converter``:
        ``write`` quantises, on (N, S, S, 3) uint8 pixels. None: the format has no int8.
    beside
        Suffixes of the files beside the main file.
    require
        Function that raises MissingExtraError or ExportError if an export cannot be opened here. Its argument says
        whether the export is int8.
    find_precision
        Function that returns the arithmetic of the export's runtime on this machine: ``f32`` or ``bf16``.
    is_timed
        Whether the time of a prediction is the export's own. A browser's driver would be timed, too.
    """

    suffix: str
    write: Callable[[ClassifierFile, Path, Pixels | None], None]
    open: Callable[[Path], AbstractContextManager[PredictOne]]
    int8: Literal["headstart", "converter"] | None = "headstart"
    beside: tuple[str, ...] = ()
    require: Callable[[bool], None] = lambda _: None
    find_precision: Callable[[], str] = lambda: "f32"
    is_timed: bool = True


def build_resizing_model(contents: ClassifierFile) -> bytes:
    """Turn a classifier file into an ONNX model that resizes photos itself. Takes 30 ms.

    Any ONNX runtime runs it. Input: ``pixels``, (N, H, W, 3) uint8 RGB. Outputs: ``probabilities``, (N, C) float32, and
    ``novelty``, (N, 1) float32, if the classifier can tell how strange a photo is. The metadata of the model has
    ``labels``, one per line, a description of ``pixels``, the licence notice, and the entries of `describe_rules` in
    JSON: the program that runs the model applies these rules.
    """
    file, metadata = take_apart(contents.data), contents.metadata
    trunk = prepend_resizing(file.trunk, metadata.image_size)
    facts = {
        "labels": "\n".join(metadata.labels), "pixels": PIXELS.format(metadata.image_size),
        "exported_by": f"headstart {__version__}",
    }  # fmt: skip
    facts |= describe_rules(metadata)
    facts |= {key: value for key, value in file.entries.items() if key.startswith(PREFIX)}
    facts["notice"] = write_notice(file.entries)
    return file.join(trunk + make_name("headstart_export") + make_ends(metadata), facts)


def _write_onnx(contents: ClassifierFile, path: Path, _: Pixels | None) -> None:
    path.write_bytes(build_resizing_model(contents))


def _require_onnxruntime(_: bool) -> None:
    require_packages("check an ONNX export", "onnx", "onnxruntime")


@contextmanager
def _open_onnx(path: Path) -> Iterator[PredictOne]:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [end.name for end in session.get_outputs()]

    def predict(_: Path, pixels: Pixels) -> Outputs:
        return Outputs.take(dict(zip(names, session.run(names, {"pixels": pixels[None]}), strict=True)))

    yield predict


def _write_openvino(contents: ClassifierFile, path: Path, _: Pixels | None) -> None:
    metadata = contents.metadata
    facts = {"labels": json.dumps(metadata.labels), "pixels": PIXELS.format(metadata.image_size)}
    facts |= describe_rules(metadata)
    facts["notice"] = write_notice(take_apart(contents.data).entries)
    write_openvino(build_resizing_model(contents), facts, path, metadata.spec.float32_below)


def _require_browser(is_int8: bool) -> None:
    require_browser("give --calibrate instead of --check" if is_int8 else "export without --check")


FORMATS = {
    "onnx": Format(suffix=".onnx", write=_write_onnx, open=_open_onnx, require=_require_onnxruntime),
    "openvino": Format(
        suffix=".xml", write=_write_openvino, open=open_openvino_ir, beside=(".bin",),
        find_precision=find_default_precision,
    ),
    "litert": Format(suffix=".tflite", write=write_litert, open=open_litert, int8="converter"),
    "keras": Format(suffix=".keras", write=write_keras, open=open_keras, int8=None),
    "html": Format(suffix=".html", write=write_page, open=open_in_browser, require=_require_browser, is_timed=False),
}  # fmt: skip
