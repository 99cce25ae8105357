"""``headstart backbones``."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headstart.cli.options import PATH, json_option
from headstart.cli.picture_check import check_writable
from headstart.cli.printing import print_json, print_line, say

if TYPE_CHECKING:
    from headstart.backbone.backbone import Backbone
    from headstart.backbone.spec import BackboneSpec

MORE = (
    "More networks: the path of an .onnx file with a small .toml beside it, or timm/NAME, such as "
    "timm/resnet18.a1_in1k, with the extra 'headstart[zoo]'. Several with + between them, such as "
    "mobilenet_v2+efficientnet_lite2, are used side by side. docs/backbones.md explains all."
)


@click.command(short_help="List the pretrained networks, with size, speed and accuracy.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--photos", type=PATH, metavar="DATA",
    help="Labelled photos, as for train: also train --method fixed with each network, and list its test accuracy.",
)  # fmt: skip
@click.option("--picture", type=PATH, help="PNG file for a figure of accuracy against time. Needs --photos.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seed of the split of --photos.")
@click.option("--cache/--no-cache", default=True, help="Read and write features of --photos in the user's cache.")
@json_option()
def backbones(
    names: tuple[str, ...], photos: Path | None, picture: Path | None, seed: int, cache: bool, as_json: bool
) -> None:
    """List the pretrained networks with their size, their speed on this machine and their licence.

    NAMEs, which may be paths of .onnx files, limit the list. Several networks with + between them are used side by
    side, and @ sets an image size: mobilenet_v2+mobilenet_v2@320.
    """
    from headstart.backbone.listing import list_backbones
    from headstart.backbone.loading import load_backbone
    from headstart.backbone.names import AT, split_name
    from headstart.process.progress import show_progress
    from headstart.runs.run_folder import check_outside

    if photos is None and (picture is not None or seed or not cache):
        raise click.UsageError("--picture, --seed and --no-cache need --photos.")
    path = None if picture is None else picture.expanduser()
    if path is not None:
        check_outside(path, str(photos), what="figure", option="--picture")
    with nullcontext() if path is None else check_writable(path):
        loaded = [load_backbone(name) for name in names]
        listed = [(one.spec, None) for one in loaded] if names else list(list_backbones())
        rows = []
        with show_progress("Timing", unit="networks") as progress:
            for n, (spec, missing) in enumerate(listed):
                progress(n, len(listed))
                backbone = loaded[n] if names else None if missing else load_backbone(spec.name)
                rows.append(_describe(spec, backbone, missing))
        typed = names or [spec.name for spec, _ in listed]
        for row, (spec, _), name in zip(rows, listed, typed, strict=True):
            size_px = split_name(name)[0][1]
            if size_px is not None and not spec.parts:  # the spec of one network is the same in every size
                row["name"] = f"{spec.name}{AT}{size_px}"
        if photos is not None:
            _add_accuracies(rows, typed, photos, seed=seed, cache=cache)
        if path is not None:
            _draw(rows, path)
    if as_json:
        print_json({"backbones": rows} | ({} if path is None else {"picture": str(path)}))
        return
    _print_rows(rows, has_names=bool(names))
    if path is not None:
        print_line(f"\nPicture: {path}")


def _describe(spec: BackboneSpec, backbone: Backbone | None, missing: str | None) -> dict[str, Any]:
    from headstart.backbone.backbone import BackboneSetup
    from headstart.backbone.listing import find_features_layer
    from headstart.backbone.timing import measure_inference_rate

    rate = round(measure_inference_rate(BackboneSetup(backbone, spec.image_size)), 1) if backbone else None
    return {
        "name": spec.name, "n_parameters": spec.n_parameters, "n_features": spec.n_features,
        "features_layer": find_features_layer(backbone) if backbone else None,
        "image_size": spec.image_size, "image_sizes": [spec.min_image_size, spec.max_image_size],
        "photos_per_second": rate, "licence": spec.licence, "source": spec.source, "paper": spec.paper,
        "weights_sha256": spec.weights_sha256,
        "cuts": [] if spec.parts else [stage.name for stage in spec.stages], "missing": missing,
    }  # fmt: skip


def _add_accuracies(
    rows: list[dict[str, Any]], typed: tuple[str, ...] | list[str], photos: Path, **options: Any
) -> None:
    """Add the accuracy on photos to the rows of all networks that are installed."""
    from headstart.training.backbone_comparison import compare_backbones

    found = [(row, name) for row, name in zip(rows, typed, strict=True) if not row["missing"]]
    results = compare_backbones(photos, [name for _, name in found], say=say, **options)
    for (row, _), result in zip(found, results, strict=True):
        row |= result.to_record()


def _draw(rows: list[dict[str, Any]], path: Path) -> None:
    from headstart.report.backbones_figure import BackbonePoint, plot_backbones
    from headstart.report.figure_file import draw_figure, save_png

    judged = [row for row in rows if "accuracy" in row]
    points = [
        BackbonePoint(row["name"], 1000 / row["photos_per_second"], row["accuracy"], tuple(row["accuracy_ci95"]))
        for row in judged
    ]
    save_png(draw_figure(plot_backbones(points, judged[0]["n_test"] if judged else 0)), path)


def _print_rows(rows: list[dict[str, Any]], *, has_names: bool) -> None:
    _print_table(rows)
    for row in rows:
        if row["missing"]:
            print_line(f"\n{row['missing']}")
    if not has_names:
        print_line(f"\n{MORE}")
        return
    for row in rows:
        cuts = f"cuts at {', '.join(row['cuts'])}" if row["cuts"] else "no cuts, as only one network can be cut"
        details = f"features of layer {row['features_layer']!a}; {cuts}; source: {row['source']}"
        print_line(f"\n{row['name']}: {details}. {row['paper']}".rstrip())


def _print_table(rows: list[dict[str, Any]]) -> None:
    width = max(len(row["name"]) for row in rows)
    n_test = next((row["n_test"] for row in rows if "n_test" in row), None)
    title = "" if n_test is None else f"accuracy on {n_test:,} test photos  "
    print_line(f"{'name':<{width}}  parameters  features  pixels  photos/s here  {title}licence")
    for row in rows:
        rate = "not installed" if row["photos_per_second"] is None else f"{row['photos_per_second']:,.0f}"
        accuracy = ""
        if title:
            low, high = row.get("accuracy_ci95", (0, 0))
            accuracy = f"{row['accuracy']:.1%} ({low:.1%} to {high:.1%})" if "accuracy" in row else ""
            accuracy = f"{accuracy:<{len(title)}}"
        print_line(
            f"{row['name']:<{width}}  {row['n_parameters'] / 1e6:>8.1f} M  {row['n_features']:>8,}  "
            f"{row['image_size']:>6}  {rate:>13}  {accuracy}{row['licence']}"
        )
