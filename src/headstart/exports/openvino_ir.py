"""OpenVINO's own format: the network in an .xml file, its weights in a .bin file beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from headstart.engine.openvino_import import get_core, import_openvino
from headstart.engine.rewriting import fold_batch_norms, mark_float32_below
from headstart.exports.prediction import Pixels, PredictOne
from headstart.exports.resizing_graph import RESIZED


def write_openvino(network: bytes, facts: dict[str, str], path: Path, float32_below: str | None) -> None:
    """Write an ONNX model that resizes photos as OpenVINO IR.

    By default OpenVINO computes in bf16 if the processor can. Resizing, and the first stages as in the classifier, are
    marked to be computed in float32. Only this format has the mark. Fused layers lose it, so batch norms are folded
    first.

    Parameters
    ----------
    facts
        Entries of the file under ``headstart`` in its ``rt_info``.
    float32_below
        Name of the layer up to which everything is marked. None: only resizing is marked.
    """
    openvino = import_openvino()
    from xml.etree import ElementTree

    model = get_core().read_model(network)
    fold_batch_norms(model)
    for key, value in facts.items():
        model.set_rt_info(value, ["headstart", key])
    try:
        openvino.save_model(model, path, compress_to_fp16=False)  # beside it, path.bin holds the weights
    except RuntimeError as error:  # such as a full disk, in the words of OpenVINO
        raise OSError(f"OpenVINO cannot write the file ({str(error).partition(chr(10))[0]})") from None
    tree = ElementTree.fromstring(path.read_bytes())  # noqa: S314  our own file
    mark_float32_below(tree, float32_below or RESIZED)
    text = ElementTree.tostring(tree, encoding="unicode")
    path.write_text(re.sub(r">\s+<", "><", text), encoding="utf-8")  # a third of it is indentation


@contextmanager
def open_openvino_ir(path: Path) -> Iterator[PredictOne]:
    """Open an export as users do, with OpenVINO's defaults: in bf16 if the processor can."""
    core = get_core()
    run = core.compile_model(core.read_model(path), "CPU")

    def predict(_: Path, pixels: Pixels) -> npt.NDArray[np.float32]:
        return np.array(run([pixels[None]])[0][0], np.float32)

    yield predict


def find_default_precision() -> str:
    """Return the default precision of OpenVINO on this processor: ``bf16`` or ``f32``."""
    hint = get_core().get_property("CPU", "INFERENCE_PRECISION_HINT")
    return "bf16" if hint == import_openvino().Type.bf16 else "f32"
