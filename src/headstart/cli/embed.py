"""``headstart embed``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headstart.cli.options import (
    PATH,
    backbone_option,
    column_options,
    depth_option,
    image_size_option,
    json_option,
    layout_option,
    ray_option,
)
from headstart.cli.printing import print_json, print_line, say, say_left_out


@click.command(short_help="Write the features of photos as Parquet, on this machine or a cluster.")
@click.argument("data", type=PATH, metavar="DATA")
@click.option("--out", type=PATH, required=True, help="Folder or URI to write, such as features.parquet.")
@ray_option
@backbone_option
@image_size_option
@depth_option
@click.option(
    "--precision", type=click.Choice(["auto", "f32", "bf16"]), default="auto",
    help="Arithmetic of the network. auto: bf16 if the processor supports it, else f32.",
)  # fmt: skip
@click.option(
    "--dtype", type=click.Choice(["float32", "float16"]), default="float32",
    help="Type of the features in the files; float16 takes half the space.",
)  # fmt: skip
@layout_option
@click.option("--overwrite", is_flag=True, help="Replace features of other photos or settings in the folder.")
@column_options
@json_option("Print one JSON object on stdout.")
def embed(data: Path, out: Path, as_json: bool, **options: Any) -> None:
    """Compute the features of labelled photos into a folder of Parquet files.

    DATA is a folder of labelled photos, a CSV or Parquet table, or tar shards, on this machine or in a store
    (s3://bucket/pets). If the command was stopped, run it again to continue. headstart train reads the output.
    """
    from headstart.training.embed import embed_photos

    written = embed_photos(data, out, **options)
    skipped = [{"path": str(skip.path), "reason": skip.reason} for skip in written.skipped]
    if as_json:
        print_json(
            {"features": str(written.folder), "n_photos": written.n_photos, "n_new": written.n_new,
             "skipped": skipped, "seconds": round(written.seconds, 3)}
        )  # fmt: skip
        return
    from headstart.evaluation.words import count_photos, format_seconds

    n_kept = written.n_photos - written.n_new
    rate = f", {written.n_new / written.seconds:,.0f}/s" if written.n_new else ""
    took = format_seconds(written.seconds)
    say(f"{count_photos(written.n_new)} embedded, {n_kept:,} were already written; {took} in all{rate}.")
    say_left_out(skipped, "_headstart.json")
    print_line(f"Features: {written.folder}")
