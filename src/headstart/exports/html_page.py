"""The page: one HTML file with the classifier and a runtime inside, which opens from disk and asks nobody."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path

from headstart.backbone.graph_file import make_name, make_signature, take_apart
from headstart.classifier.metadata import Metadata
from headstart.exports.licence_notice import write_notice
from headstart.version import __version__

WEB = Path(__file__).parent / "web"


def build_page(data: bytes, metadata: Metadata, name: str) -> str:
    """Return the page of a classifier file (1 s).

    In a browser it decodes photos upright, scales them by the same rule as everything here (page.js), and runs the
    network with ONNX Runtime Web. Its policy forbids it every connection.

    Parameters
    ----------
    data
        Of a classifier file.
    name
        The page's title.
    """
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    about = {
        "name": name, "labels": list(metadata.labels), "size": metadata.image_size, "version": __version__,
        "told": _list_labels(metadata.labels),
    }  # fmt: skip
    parts = {
        "model": gzip.compress(_build_plain(data, metadata), 6, mtime=0),
        "wasm": (WEB / "ort-wasm-simd-threaded.wasm.gz").read_bytes(),
        "loader": (WEB / "ort-wasm-simd-threaded.mjs").read_bytes(),
    }
    runtime = (WEB / "ort.wasm.min.js").read_text(encoding="utf-8").replace("</script", "<\\/script")
    environment = Environment(loader=FileSystemLoader(WEB), autoescape=True, keep_trailing_newline=True)
    return environment.get_template("page.html.jinja").render(
        about=about, notice=write_notice(take_apart(data).entries, is_page=True), runtime=Markup(runtime),  # noqa: S704  our own file, escaped above
        **{key: base64.b64encode(value).decode() for key, value in parts.items()},
    )  # fmt: skip


def _build_plain(data: bytes, metadata: Metadata) -> bytes:
    """Return the network alone, without the record of what it was trained on."""
    file = take_apart(data)
    ends = make_signature("probabilities", len(metadata.labels), metadata.image_size)
    return file.join(b"".join([file.trunk, make_name("headstart_page"), ends]), {})


def _list_labels(labels: tuple[str, ...]) -> str:
    if len(labels) > 8:
        return f"{len(labels):,} classes"
    return f"{', '.join(labels[:-1])} and {labels[-1]}"
