"""The HTML export: one page with the classifier and a runtime inside, which opens from disk without network."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path
from typing import Any

from headstart.backbone.graph_file import make_name, take_apart
from headstart.classifier.build import make_ends
from headstart.classifier.file import ClassifierFile
from headstart.classifier.metadata import Metadata
from headstart.classifier.refusal import AUTO, say_refusal
from headstart.classifier.rules import AnswerRules
from headstart.errors import ExportError
from headstart.evaluation.drift import make_drift_test
from headstart.exports.licence_notice import write_notice
from headstart.pixels.sample_values import MAX_DEPTH
from headstart.version import __version__

WEB = Path(__file__).parent / "web"


def write_page(contents: ClassifierFile, path: Path, _: object = None) -> None:
    """Write the page of a classifier file; the name of the page's file is its title."""
    metadata = contents.metadata
    if metadata.depth < MAX_DEPTH:
        raise ExportError(
            f"Cannot export to '{path.name}': the classifier reads files with 16 bits a sample at a depth of "
            f"{metadata.depth} bits, and a browser shows them at 16, nearly black. Choose another --format."
        )
    name = path.stem.encode("utf-8", "replace").decode()
    path.write_text(build_page(contents.data, metadata, name), encoding="utf-8")


def build_page(data: bytes, metadata: Metadata, name: str) -> str:
    """Return the page of a classifier file's bytes, with a title. Takes 1 s.

    In a browser the page decodes photos upright, resizes them by Headstart's rule (page.js), and runs the network with
    ONNX Runtime Web. Its content security policy forbids every connection.
    """
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    about: dict[str, Any] = {
        "name": name, "labels": list(metadata.labels), "size": metadata.image_size, "version": __version__,
        "classes": _list_labels(metadata.labels),
    }  # fmt: skip
    rules, n_units = AnswerRules.make(metadata, AUTO, None), metadata.n_novelty_photos
    test = make_drift_test(n_units, rules.refused_share)
    about |= rules.to_page(metadata) | {
        "refusal": say_refusal(rules.refused_share, n_units), "drift": None if test is None else test.to_page(),
    }  # fmt: skip
    parts = {
        "model": gzip.compress(_build_network(data, metadata), 6, mtime=0),
        "wasm": (WEB / "ort-wasm-simd-threaded.wasm.gz").read_bytes(),
        "loader": (WEB / "ort-wasm-simd-threaded.mjs").read_bytes(),
    }
    runtime = (WEB / "ort.wasm.min.js").read_text(encoding="utf-8").replace("</script", "<\\/script")
    environment = Environment(loader=FileSystemLoader(WEB), autoescape=True, keep_trailing_newline=True)
    return environment.get_template("page.html.jinja").render(
        about=about, notice=write_notice(take_apart(data).entries, is_page=True), runtime=Markup(runtime),  # noqa: S704  our own file, escaped above
        **{key: base64.b64encode(value).decode() for key, value in parts.items()},
    )  # fmt: skip


def _build_network(data: bytes, metadata: Metadata) -> bytes:
    """Return the network without metadata, which would name the training photos."""
    file = take_apart(data)
    return file.join(file.trunk + make_name("headstart_page") + make_ends(metadata, metadata.image_size), {})


def _list_labels(labels: tuple[str, ...]) -> str:
    if len(labels) > 8:
        return f"{len(labels):,} classes"
    return f"{', '.join(labels[:-1])} and {labels[-1]}"
