"""OpenVINO's own format: the network in an .xml file, its weights in a .bin file beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from headstart.classifier.novelty_graph import NOVELTY
from headstart.engine.openvino_import import get_core, import_openvino
from headstart.engine.rewriting import fold_batch_norms, mark_float32, mark_float32_below
from headstart.exports.prediction import Outputs, Pixels, PredictOne
from headstart.exports.resizing_graph import RESIZED


def write_openvino(network: bytes, facts: dict[str, str], path: Path, float32_below: Sequence[str]) -> None:
    """Write an ONNX model that resizes photos as OpenVINO IR.

    By default OpenVINO computes in bf16 if the processor can. Resizing, the novelty test, and the first stages as in
    the classifier, are marked to be computed in float32. Only this format has the mark. Fused layers lose it, so batch
    norms are folded first.

    Parameters
    ----------
    facts
        Entries of the file under ``headstart`` in its ``rt_info``.
    float32_below
        Names of the layers up to which everything is marked, for each network.
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
    mark_float32_below(tree, [*float32_below, RESIZED])
    mark_float32(tree, NOVELTY)
    text = ElementTree.tostring(tree, encoding="unicode")
    path.write_text(re.sub(r">\s+<", "><", text), encoding="utf-8")  # a third of it is indentation


@contextmanager
def open_openvino_ir(path: Path) -> Iterator[PredictOne]:
    """Open an export as users do, with OpenVINO's defaults: in bf16 if the processor can."""
    core = get_core()
    run = core.compile_model(core.read_model(path), "CPU")

    def predict(_: Path, pixels: Pixels) -> Outputs:
        return Outputs.take({end.get_any_name(): values for end, values in run([pixels[None]]).items()})

    yield predict


def find_default_precision() -> str:
    """Return the default precision of OpenVINO on this processor: ``bf16`` or ``f32``."""
    hint = get_core().get_property("CPU", "INFERENCE_PRECISION_HINT")
    return "bf16" if hint == import_openvino().Type.bf16 else "f32"
