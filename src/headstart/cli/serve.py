"""``headstart serve``."""

from __future__ import annotations

from pathlib import Path

import click

from headstart.cli.options import PATH, precision_option
from headstart.cli.printing import say


@click.command(short_help="Serve a classifier over HTTP, with a page to try it.")
@click.argument("model", type=PATH)
@click.option("--host", default="127.0.0.1", help="Address to listen on. 0.0.0.0: other machines can connect.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="Port to listen on. 0: any free port.")
@precision_option
def serve(model: Path, host: str, port: int, precision: str) -> None:
    """Serve a classifier over HTTP, with a page to try it.

    MODEL is a classifier (model.onnx) or its run folder. POST /predict takes photos as form fields named files:

    curl -F files=@photo.jpg http://127.0.0.1:8000/predict
    """
    from headstart.serve.server import serve_classifier

    serve_classifier(model, host=host, port=port, precision=precision, say=say)
