"""``headstart serve``."""

from __future__ import annotations

from pathlib import Path

import click

from headstart.cli.options import PLACE, precision_option
from headstart.cli.printing import say


@click.command(short_help="Serve a classifier over HTTP, with a page to try it.")
@click.argument("model", type=PLACE)
@click.option("--host", default="127.0.0.1", help="Where to listen. 0.0.0.0: other machines may ask, too.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="0 is any that is free.")
@precision_option
def serve(model: Path, host: str, port: int, precision: str) -> None:
    """Serve a classifier over HTTP, with a page to try it.

    MODEL is a classifier (model.onnx), or the run folder that holds it. POST /predict takes photos as form fields named
    files: curl -F files=@photo.jpg http://127.0.0.1:8000/predict
    """
    from headstart.serve.server import serve_classifier

    serve_classifier(model, host=host, port=port, precision=precision, say=say)
