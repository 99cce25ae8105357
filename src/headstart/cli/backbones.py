"""``headstart backbones``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from headstart.cli.options import json_option
from headstart.cli.printing import print_json, print_line

if TYPE_CHECKING:
    from headstart.backbone.spec import BackboneSpec

MORE = (
    "More networks: the path of an .onnx file with a small .toml beside it, or timm/NAME, such as "
    "timm/resnet18.a1_in1k, with the extra 'headstart[zoo]'. docs/backbones.md explains both."
)


@click.command(short_help="List the pretrained networks, with size and speed.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@json_option()
def backbones(names: tuple[str, ...], as_json: bool) -> None:
    """List the pretrained networks with their size, their speed on this machine and their licence.

    NAMEs, which may be paths of .onnx files, limit the list.
    """
    from headstart.backbone.listing import list_backbones
    from headstart.backbone.loading import load_backbone
    from headstart.process.progress import show_progress

    specs = [(load_backbone(name).spec, None) for name in names] if names else list(list_backbones())
    rows = []
    with show_progress("Timing", unit="networks") as progress:
        for n, (spec, missing) in enumerate(specs):
            progress(n, len(specs))
            rows.append(_describe(spec, names[n] if names else spec.name, missing))
    if as_json:
        print_json({"backbones": rows})
        return
    _print_table(rows)
    for row in rows:
        if row["missing"]:
            print_line(f"\n{row['missing']}")
    if names:
        for row in rows:
            details = f"features of layer {row['features_layer']!a}; cuts at {', '.join(row['cuts'])}"
            print_line(f"\n{row['name']}: {details}; source: {row['source']}. {row['paper']}".rstrip())
    else:
        print_line(f"\n{MORE}")


def _describe(spec: BackboneSpec, name: str, missing: str | None) -> dict[str, Any]:
    from headstart.backbone.backbone import BackboneSetup
    from headstart.backbone.listing import find_features_layer
    from headstart.backbone.loading import load_backbone
    from headstart.backbone.timing import measure_inference_rate

    backbone = None if missing else load_backbone(name)
    rate = round(measure_inference_rate(BackboneSetup(backbone, spec.image_size)), 1) if backbone else None
    return {
        "name": spec.name, "n_parameters": spec.n_parameters, "n_features": spec.n_features,
        "features_layer": find_features_layer(backbone) if backbone else None,
        "image_size": spec.image_size, "image_sizes": [spec.min_image_size, spec.max_image_size],
        "photos_per_second": rate, "licence": spec.licence, "source": spec.source, "paper": spec.paper,
        "weights_sha256": spec.weights_sha256, "cuts": [stage.name for stage in spec.stages], "missing": missing,
    }  # fmt: skip


def _print_table(rows: list[dict[str, Any]]) -> None:
    width = max(len(row["name"]) for row in rows)
    print_line(f"{'name':<{width}}  parameters  features  pixels  photos/s here  licence")
    for row in rows:
        rate = "not installed" if row["photos_per_second"] is None else f"{row['photos_per_second']:,.0f}"
        print_line(
            f"{row['name']:<{width}}  {row['n_parameters'] / 1e6:>8.1f} M  {row['n_features']:>8,}  "
            f"{row['image_size']:>6}  {rate:>13}  {row['licence']}"
        )
