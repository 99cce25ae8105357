"""A backbone from a file of the user's: an ONNX network and its TOML, made ours once and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from pathlib import Path

from headstart.backbone.adopting import ADOPTING_RULES, adopt_network
from headstart.backbone.fetching import fetch_weights
from headstart.backbone.own_spec import OwnSpec, read_own_spec
from headstart.backbone.spec import BackboneSpec
from headstart.errors import BackboneError
from headstart.shelf import BACKBONES, fetch_result, keep_result, name_result

SUFFIXES = (".onnx", ".toml")
MAX_BYTES = 2_000_000_000  # protobuf's limit, less what is added


def load_own(name: str, taken: Collection[str] = ()) -> tuple[BackboneSpec, bytes]:
    """Load a backbone from ``NAME.onnx`` and ``NAME.toml``, which lie side by side; either may be given.

    Parameters
    ----------
    taken
        Names that others have.

    Raises
    ------
    BackboneError
        If a file is missing, or cannot be used.
    MissingExtraError
        If onnx, which reads it the first time, is not installed.
    """
    given = Path(name).expanduser()
    if not given.exists():
        raise BackboneError(f"Cannot use '{given}' as a backbone: there is no such file.")
    own = read_own_spec(given.with_suffix(".toml"))
    if own.name in taken:
        raise BackboneError(
            f"Cannot use '{given}' as a backbone: {own.name} is another's name; give it one in the TOML."
        )
    path = given.with_suffix(".onnx")
    if not path.exists() and own.url and own.sha256:
        path = fetch_weights(own.url, own.sha256)
    try:
        digests = [_digest(part) for part in (path, *_list_companions(path))]
    except OSError as error:
        raise BackboneError(f"Cannot use '{path}' as a backbone: {error.strerror or type(error).__name__}.") from None
    except BackboneError as error:
        raise BackboneError(f"Cannot use '{path}' as a backbone: {error}.") from None
    key = name_result("file", *digests, repr(own), str(ADOPTING_RULES))
    return fetch_kept(key) or keep_adopted(key, path, own)


def fetch_kept(key: str) -> tuple[BackboneSpec, bytes] | None:
    """Return the backbone that was kept under a key, or None."""
    kept = fetch_result(key, BACKBONES)
    if kept is None:
        return None
    record, _, network = kept.partition(b"\0")
    return BackboneSpec.from_dict(json.loads(record)), network


def keep_adopted(key: str, path: Path, own: OwnSpec) -> tuple[BackboneSpec, bytes]:
    """Make a backbone of a network, and keep it under a key that tells it from others.

    Raises
    ------
    BackboneError, MissingExtraError
        As `adopt_network`.
    """
    try:
        spec, network = adopt_network(path, own)
    except BackboneError as error:
        raise BackboneError(f"Cannot use '{path}' as a backbone: {error}.") from None
    record = json.dumps(spec.to_dict()).encode()
    keep_result(key, record + b"\0" + network, BACKBONES)
    return spec, network


def _list_companions(path: Path) -> list[Path]:
    """Return the files beside a network that may hold its weights, as exporters name them."""
    return sorted(other for other in path.parent.iterdir() if other.name.startswith(path.name) and other != path)


def _digest(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        raise BackboneError("it is larger than 2 GB, more than an ONNX file can be")
    return hashlib.sha256(path.read_bytes()).hexdigest()
