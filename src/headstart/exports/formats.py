"""The formats that a classifier can be exported to: how each is written, and how it is asked again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from headstart.backbone.graph_file import make_name, make_signature, take_apart
from headstart.classifier.metadata import Metadata
from headstart.exports.answer import Answer, Pixels
from headstart.exports.licence_notice import PREFIX, write_notice
from headstart.exports.openvino_ir import find_default_precision, open_openvino_ir, write_openvino
from headstart.exports.resizing_graph import take_any_size
from headstart.process.packages import require_packages
from headstart.version import __version__

PIXELS = (
    "uint8 RGB, 0 to 255, of upright photos (EXIF orientation applied) of any height and width, all of one batch the "
    "same. The graph scales them to {0} x {0} pixels and does the rest of the arithmetic."
)


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes
    ----------
    suffix
        Of its file.
    about
        What it is for, in a line.
    write
        Writes a classifier file's bytes with their metadata to a path, and what belongs beside it.
    int8
        Who makes it int8: ``headstart`` quantises the classifier before it is written; ``converter``, called with
        (N, S, S, 3) uint8 pixels of photos, does it itself; None cannot.
    beside
        Suffixes of what is written beside the file.
    open
        Opens what was written, to be asked until the block ends.
    require
        Raises MissingExtraError or ExportError if what opens it is not installed; is told whether it is int8.
    find_precision
        Returns the arithmetic in which users have it computed on this machine, ``f32`` or ``bf16``.
    is_timed
        Whether the time of an answer is the export's own, and not that of a driver between.
    """

    suffix: str
    about: str
    write: Callable[[bytes, Metadata, Path, Pixels | None], None]
    open: Callable[[Path], AbstractContextManager[Answer]]
    int8: Literal["headstart", "converter"] | None = "headstart"
    beside: tuple[str, ...] = ()
    require: Callable[[bool], None] = lambda _: None
    find_precision: Callable[[], str] = lambda: "f32"
    is_timed: bool = True


def build_any_size(data: bytes, metadata: Metadata) -> bytes:
    """Return an ONNX model of a classifier file that takes photos of any size (30 ms).

    Any ONNX runtime runs it: input ``pixels``, (N, H, W, 3) uint8 RGB; output ``probabilities``, (N, C) float32. Its
    metadata holds ``labels``, one a line, and says what ``pixels`` are.

    Parameters
    ----------
    data
        Of a classifier file.
    """
    file = take_apart(data)
    graph = b"".join(
        [
            take_any_size(file.trunk, metadata.image_size),
            make_name("headstart_export"),
            make_signature("probabilities", len(metadata.labels)),
        ]
    )
    facts = {
        "labels": "\n".join(metadata.labels),
        "pixels": PIXELS.format(metadata.image_size),
        "exported_by": f"headstart {__version__}",
    }
    facts |= {key: value for key, value in file.entries.items() if key.startswith(PREFIX)}
    facts["notice"] = write_notice(file.entries)
    return file.join(graph, facts)


def _write_onnx(data: bytes, metadata: Metadata, path: Path, _: Pixels | None) -> None:
    path.write_bytes(build_any_size(data, metadata))


def _require_onnxruntime(_: bool) -> None:
    require_packages("check an ONNX export", "onnx", "onnxruntime")


@contextmanager
def _open_onnx(path: Path) -> Iterator[Answer]:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def answer(_: Path, pixels: Pixels) -> npt.NDArray[np.float32]:
        row: npt.NDArray[np.float32] = session.run(["probabilities"], {"pixels": pixels[None]})[0][0]
        return row

    yield answer


def _write_openvino(data: bytes, metadata: Metadata, path: Path, _: Pixels | None) -> None:
    facts = {"labels": json.dumps(metadata.labels), "pixels": PIXELS.format(metadata.image_size)}
    facts["notice"] = write_notice(take_apart(data).entries)
    write_openvino(build_any_size(data, metadata), facts, path, metadata.spec.float32_below)


def _write_page(data: bytes, metadata: Metadata, path: Path, _: Pixels | None) -> None:
    from headstart.exports.html_page import build_page

    path.write_text(build_page(data, metadata, path.stem.encode("utf-8", "replace").decode()), encoding="utf-8")


@contextmanager
def _open_page(path: Path) -> Iterator[Answer]:
    from headstart.exports.browser import open_in_browser

    with open_in_browser(path) as answer:
        yield answer


def _require_browser(is_int8: bool) -> None:
    from headstart.exports.browser import require_browser

    require_browser("give them to --calibrate alone" if is_int8 else "export without --check")


def _write_keras(data: bytes, metadata: Metadata, path: Path, _: Pixels | None) -> None:
    from headstart.exports.keras_model import write_keras

    write_keras(data, metadata, path)


@contextmanager
def _open_keras(path: Path) -> Iterator[Answer]:
    from headstart.exports.keras_model import open_keras

    with open_keras(path) as answer:
        yield answer


def _write_litert(data: bytes, metadata: Metadata, path: Path, pixels: Pixels | None) -> None:
    from headstart.exports.keras_model import write_litert

    write_litert(data, metadata, path, pixels)


@contextmanager
def _open_litert(path: Path) -> Iterator[Answer]:
    from headstart.exports.keras_model import open_litert

    with open_litert(path) as answer:
        yield answer


FORMATS = {
    "onnx": Format(
        ".onnx", "for any ONNX runtime; photos of any size", _write_onnx, _open_onnx, require=_require_onnxruntime
    ),
    "openvino": Format(
        ".xml",
        "OpenVINO IR, with its weights in a .bin beside it; photos of any size",
        _write_openvino,
        open_openvino_ir,
        beside=(".bin",),
        find_precision=find_default_precision,
    ),
    "litert": Format(".tflite", "LiteRT, for phones", _write_litert, _open_litert, "converter"),
    "keras": Format(".keras", "a stock Keras 3 model; photos of any size", _write_keras, _open_keras, None),
    "html": Format(
        ".html",
        "one page that opens in any browser, without network",
        _write_page,
        _open_page,
        require=_require_browser,
        is_timed=False,
    ),
}
