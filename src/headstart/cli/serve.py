"""``headstart serve``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headstart.cli.options import PATH, precision_option, refuse_option, sets_option
from headstart.cli.printing import say


@click.command(short_help="Serve a classifier over HTTP, with a page to try it.")
@click.argument("model", type=PATH)
@click.option("--host", default="127.0.0.1", help="Address to listen on. 0.0.0.0: other machines can connect.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="Port to listen on. 0: any free port.")
@click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="NAME",
    help="Also answer requests to this host name, such as pets.example.org or *.example.org; * for all. Names of this "
    "machine and IP addresses are always allowed.",
)
@click.option(
    "--allow-origin",
    "allow_origins",
    multiple=True,
    metavar="ORIGIN",
    help="Let web pages of this origin, such as https://example.org, send photos and read the answers; * for all.",
)
@click.option("--root-path", default="", metavar="PATH", help="Path under which a proxy shows the service: /pets.")
@refuse_option
@sets_option
@precision_option
def serve(
    model: Path, host: str, port: int, allow_hosts: tuple[str, ...], allow_origins: tuple[str, ...], root_path: str,
    refuse: Any, sets: float | None, precision: str,
) -> None:  # fmt: skip
    """Serve a classifier over HTTP, with a page to try it.

    MODEL is a classifier (model.onnx) or its run folder. POST /predict takes photos as form fields named files, or one
    photo as the body:

    curl -F files=@photo.jpg http://127.0.0.1:8000/predict
    """
    from headstart.serve.server import serve_classifier

    serve_classifier(
        model, host=host, port=port, precision=precision, refuse=refuse, sets=sets, say=say,
        allow_hosts=allow_hosts, allow_origins=allow_origins, root_path=root_path,
    )  # fmt: skip
