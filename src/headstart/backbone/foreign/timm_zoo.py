"""A backbone from timm: network, weights and preprocessing are exported to ONNX once, converted and kept."""

from __future__ import annotations

import difflib
import hashlib
import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

from headstart.backbone.backbone import Backbone
from headstart.backbone.foreign.conversion import CONVERSION_RULES
from headstart.backbone.foreign.converted_backbones import convert_and_keep, fetch_converted, list_converted
from headstart.backbone.foreign.downloading import MIRROR, find_on_mirror
from headstart.backbone.foreign.user_spec import UserSpec
from headstart.errors import BackboneError
from headstart.process.packages import make_missing_extra
from headstart.process.progress import print_above
from headstart.storage.result_cache import name_result

LICENCES = ("Apache-2.0", "MIT", "BSD-3-Clause", "BSD-2-Clause", "CC-BY-NC-4.0")
SUFFIXES = (".safetensors", ".pth", ".bin")  # of files with weights on a mirror


def load_timm(name: str) -> Backbone:
    """Load a backbone by its name in timm, such as ``resnet18.a1_in1k``.

    The first load needs timm and torch. It takes the weights from ``NAME.safetensors``, ``.pth`` or ``.bin`` in the
    folder ``$HEADSTART_MIRROR``, or downloads them from timm's hub. Later loads need none of this.
    """
    weights = next((found for suffix in SUFFIXES if isinstance(found := find_on_mirror(name + suffix), Path)), None)
    digest = "" if weights is None else hashlib.sha256(weights.read_bytes()).hexdigest()
    key = name_result("timm", name, digest, str(CONVERSION_RULES))
    # without weights on a mirror, any backbone of this name in the cache is the one
    keys = [key] if weights is not None else [*(k for k, spec in list_converted() if spec.name == f"timm/{name}"), key]
    for known in reversed(keys):
        kept = fetch_converted(known)
        if kept is not None:
            return kept
    network, user_spec = _open_network(name, weights)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{name}.onnx")
        _export(network, user_spec, path)
        return convert_and_keep(key, path, user_spec)


def _open_network(name: str, weights: Path | None) -> tuple[Any, UserSpec]:
    """Return a network of timm with its weights and without its classes, and the description of its input."""
    try:
        import timm
    except (ImportError, RuntimeError):  # RuntimeError: torchvision was built for another torch
        what, hint = f"load backbone 'timm/{name}'", "in an environment of its own: torchvision must fit torch"
        raise make_missing_extra(what, "zoo", "timm", hint=hint) from None
    if not timm.is_model(name):
        close = difflib.get_close_matches(name, timm.list_models(pretrained=True), n=1)
        hint = f"Did you mean 'timm/{close[0]}'?" if close else "timm.list_models(pretrained=True) lists them."
        raise BackboneError(f"Cannot load backbone 'timm/{name}': timm has no network of this name. {hint}")
    options = {} if weights is None else {"pretrained_cfg_overlay": {"file": str(weights)}}
    if weights is None:
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # it reports every attempt
        print_above(f"Downloading the weights of timm/{name}, unless they are in the cache.")
    try:
        network = timm.create_model(name, pretrained=True, num_classes=0, **options).eval()
    except Exception as error:  # hubs, files and networks all raise errors of their own
        raise BackboneError(
            f"Cannot load backbone 'timm/{name}': its weights cannot be loaded ({_shorten(error)}). Without "
            f"internet, set {MIRROR} to a folder with '{name}.safetensors'."
        ) from None
    facts = timm.data.resolve_data_config({}, model=network)
    _, height, width = facts["input_size"]
    if height != width:
        raise BackboneError(
            f"Cannot load backbone 'timm/{name}': got an input of {width} x {height} pixels, need a square."
        )
    config = network.pretrained_cfg
    user_spec = UserSpec(
        name=f"timm/{name}", mean=tuple(facts["mean"]), std=tuple(facts["std"]), image_size=height, features="features",
        licence=_write_licence(str(config.get("license") or "unknown")), source=_name_source(config, weights),
        paper=str(config.get("paper_name") or config.get("paper_ids") or ""),
    )  # fmt: skip
    return network, user_spec


def _write_licence(name: str) -> str:
    """Return the name of a licence as SPDX writes it, for the usual licences of timm's networks."""
    return next((known for known in LICENCES if known.lower() == name.lower()), name)


def _name_source(config: dict[str, Any], weights: Path | None) -> str:
    if weights is not None:
        return f"timm, weights from {weights.name}"
    return f"timm, weights from {config.get('hf_hub_id') or config.get('url') or 'its hub'}"


def _export(network: Any, user_spec: UserSpec, path: Path) -> None:
    import torch

    side_px = user_spec.image_size or 0
    photos = torch.zeros(2, 3, side_px, side_px)
    axes = {"photos": {0: "n_photos", 2: "height", 3: "width"}, "features": {0: "n_photos"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are meant for authors of networks
        try:
            torch.onnx.export(
                network, (photos,), str(path), input_names=["photos"], output_names=["features"], dynamic_axes=axes,
                opset_version=17, dynamo=False,
            )  # fmt: skip
        except Exception as error:
            raise BackboneError(
                f"Cannot load backbone '{user_spec.name}': it cannot be exported ({_shorten(error)})."
            ) from None


def _shorten(error: Exception) -> str:
    """Return the first line of the error that is not empty, at most 160 characters."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:160].rstrip(".")
