"""Networks of others are converted into backbones once, and kept in the cache folder."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path, PurePath

from headstart.backbone.backbone import Backbone
from headstart.backbone.foreign.isolated_process import convert_in_own_process
from headstart.backbone.foreign.user_spec import UserSpec
from headstart.backbone.graph_file import list_data_files
from headstart.backbone.spec import BackboneSpec
from headstart.engine.graph_check import check_foreign_graph
from headstart.errors import BackboneError
from headstart.process.progress import print_above
from headstart.storage.local_files import list_files
from headstart.storage.result_cache import BACKBONES, DIGEST_BYTES, fetch_result, keep_result

MAX_FILE_BYTES = 2_000_000_000  # protobuf's limit, less the layers that are added
MAX_RECORD_BYTES = 100_000  # of the spec at the beginning of a file


def fetch_converted(key: str) -> Backbone | None:
    """Return the backbone kept under a key, or None."""
    kept = fetch_result(key, BACKBONES)
    if kept is None:
        return None
    record, _, network = kept.partition(b"\0")
    spec = _read_record(record)
    return None if spec is None else Backbone(spec, network)


def list_converted() -> list[tuple[str, BackboneSpec]]:
    """Return the keys and specs of the backbones that are kept, the latest last."""
    found = []
    for path, _ in sorted(list_files(BACKBONES), key=lambda file: file[1].st_mtime):
        with suppress(OSError), path.open("rb") as file:
            file.seek(DIGEST_BYTES)
            spec = _read_record(file.read(MAX_RECORD_BYTES).partition(b"\0")[0])
            if spec is not None:
                found.append((path.name, spec))
    return found


def _read_record(record: bytes) -> BackboneSpec | None:
    try:
        return BackboneSpec.from_dict(json.loads(record))
    except (ValueError, TypeError, KeyError, BackboneError):  # a downloaded network, or a record of another version
        return None


def convert_and_keep(key: str, path: Path, user_spec: UserSpec) -> Backbone:
    """Convert a network into a backbone, and keep it under a key that no other network has."""
    print_above(f"Converting '{path.name}' into a backbone, once.")
    try:
        n_bytes = sum(file.stat().st_size for file in list_network_files(path))
        backbone = convert_in_own_process(path, user_spec, n_bytes)
    except BackboneError as error:
        raise BackboneError(f"Cannot use '{path}' as a backbone: {error}.", path=path) from None
    keep_result(key, json.dumps(backbone.spec.to_dict()).encode() + b"\0" + backbone.weights, BACKBONES)
    return backbone


def list_network_files(path: Path) -> list[Path]:
    """Return an ONNX file and the existing files beside it that hold its weights.

    Raise BackboneError, with the reason alone, if the file or the place of its weights cannot be used.
    """
    if path.stat().st_size > MAX_FILE_BYTES:
        raise BackboneError("it has more than 2 GB, the limit of an ONNX file")
    network = path.read_bytes()
    check_foreign_graph(network)
    names = list_data_files(network)
    for name in names:
        if PurePath(name).is_absolute() or ".." in PurePath(name).parts:
            raise BackboneError(f"its weights are in {name!a}, need a file beside it: save it again with onnx.save")
    return [path, *(other for name in names if (other := path.parent / name).is_file())]
