"""A backbone from timm: its network, weights and preprocessing, exported once to ONNX and kept."""

from __future__ import annotations

import difflib
import hashlib
import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

from headstart.backbone.foreign.conversion import CONVERSION_RULES
from headstart.backbone.foreign.downloading import MIRROR, find_on_mirror
from headstart.backbone.foreign.user_file import convert_and_keep, fetch_kept, list_kept
from headstart.backbone.foreign.user_spec import UserSpec
from headstart.backbone.spec import BackboneSpec
from headstart.errors import BackboneError
from headstart.process.packages import make_missing_extra
from headstart.process.progress import print_above
from headstart.storage.result_cache import name_result

LICENCES = ("Apache-2.0", "MIT", "BSD-3-Clause", "BSD-2-Clause", "CC-BY-NC-4.0")
ENDINGS = (".safetensors", ".pth", ".bin")  # of weights on a mirror


def load_timm(name: str) -> tuple[BackboneSpec, bytes]:
    """Load a backbone that timm has under a name, such as ``resnet18.a1_in1k``.

    The first time, timm and torch must be installed, and the weights come from timm's hub, or from a file
    ``NAME.safetensors``, ``.pth`` or ``.bin`` in the folder ``$HEADSTART_MIRROR``. Afterwards nothing of it is needed.

    Raises
    ------
    BackboneError
        If timm has no such network, its weights cannot be had, or it cannot be exported.
    MissingExtraError
        If timm is not installed.
    """
    weights = next((found for end in ENDINGS if isinstance(found := find_on_mirror(name + end), Path)), None)
    digest = "" if weights is None else hashlib.sha256(weights.read_bytes()).hexdigest()
    key = name_result("timm", name, digest, str(CONVERSION_RULES))
    # without a mirror, whatever was made of this name before will do
    keys = [key] if weights is not None else [*(k for k, spec in list_kept() if spec.name == f"timm/{name}"), key]
    for known in reversed(keys):
        kept = fetch_kept(known)
        if kept is not None:
            return kept
    network, user_spec = _open_network(name, weights)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{name}.onnx")
        _export(network, user_spec, path)
        return convert_and_keep(key, path, user_spec)


def _open_network(name: str, weights: Path | None) -> tuple[Any, UserSpec]:
    """Return a network of timm's with its weights, without its classes, and what it takes."""
    try:
        import timm
    except (ImportError, RuntimeError):  # the latter where torchvision was built for another torch
        what, hint = f"load backbone 'timm/{name}'", "in an environment of its own: torchvision must fit torch"
        raise make_missing_extra(what, "zoo", "timm", hint=hint) from None
    if not timm.is_model(name):
        close = difflib.get_close_matches(name, timm.list_models(pretrained=True), n=1)
        hint = f"Did you mean 'timm/{close[0]}'?" if close else "timm.list_models(pretrained=True) lists them."
        raise BackboneError(f"Cannot load backbone 'timm/{name}': timm has no network of this name. {hint}")
    options = {} if weights is None else {"pretrained_cfg_overlay": {"file": str(weights)}}
    if weights is None:
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # tells of each try
        print_above(f"Fetching the weights of timm/{name}, if they are not here yet.")
    try:
        network = timm.create_model(name, pretrained=True, num_classes=0, **options).eval()
    except Exception as error:  # each hub, file and network has its own
        raise BackboneError(
            f"Cannot load backbone 'timm/{name}': its weights cannot be had ({_say_shortly(error)}). Where there is no "
            f"network, set {MIRROR} to a folder that has '{name}.safetensors'."
        ) from None
    facts = timm.data.resolve_data_config({}, model=network)
    _, height, width = facts["input_size"]
    if height != width:
        raise BackboneError(f"Cannot load backbone 'timm/{name}': it takes {width} x {height} pixels, need a square.")
    about = network.pretrained_cfg
    user_spec = UserSpec(
        name=f"timm/{name}", mean=tuple(facts["mean"]), std=tuple(facts["std"]), image_size=height, features="features",
        licence=_write_licence(str(about.get("license") or "unknown")), source=_name_source(about, weights),
        paper=str(about.get("paper_name") or about.get("paper_ids") or ""),
    )  # fmt: skip
    return network, user_spec


def _write_licence(name: str) -> str:
    """Return the name as SPDX writes it, of those that timm's networks mostly have."""
    return next((known for known in LICENCES if known.lower() == name.lower()), name)


def _name_source(about: dict[str, Any], weights: Path | None) -> str:
    if weights is not None:
        return f"timm, weights from {weights.name}"
    return f"timm, weights from {about.get('hf_hub_id') or about.get('url') or 'its hub'}"


def _export(network: Any, user_spec: UserSpec, path: Path) -> None:
    import torch

    side_px = user_spec.image_size or 0
    photos = torch.zeros(2, 3, side_px, side_px)
    axes = {"photos": {0: "n_photos", 2: "height", 3: "width"}, "features": {0: "n_photos"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter speaks to those who write networks
        try:
            torch.onnx.export(
                network, (photos,), str(path), input_names=["photos"], output_names=["features"], dynamic_axes=axes,
                opset_version=17, dynamo=False,
            )  # fmt: skip
        except Exception as error:
            raise BackboneError(
                f"Cannot load backbone '{user_spec.name}': it cannot be exported ({_say_shortly(error)})."
            ) from None


def _say_shortly(error: Exception) -> str:
    """Return the first line of an error of somebody else's that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:160].rstrip(".")
