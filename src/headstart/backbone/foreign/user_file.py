"""A backbone from a file of the user's: an ONNX network and its TOML, made ours once and kept."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from headstart.backbone.foreign.conversion import CONVERSION_RULES
from headstart.backbone.foreign.downloading import fetch_weights
from headstart.backbone.foreign.isolated_process import convert_in_own_process
from headstart.backbone.foreign.user_spec import UserSpec, read_user_spec
from headstart.backbone.graph_file import list_data_files
from headstart.backbone.spec import BackboneSpec
from headstart.errors import BackboneError
from headstart.process.progress import print_above
from headstart.storage.local_files import list_files
from headstart.storage.result_cache import BACKBONES, DIGEST_BYTES, fetch_result, keep_result, name_result

SUFFIXES = (".onnx", ".toml")
MAX_BYTES = 2_000_000_000  # protobuf's limit, less what is added
LONGEST_RECORD = 100_000  # bytes, of a spec before the network that it describes


def load_user_file(name: str, taken: Collection[str] = ()) -> tuple[BackboneSpec, bytes]:
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
    given = Path(name)
    with suppress(RuntimeError):  # ~ and a name that is nobody's
        given = given.expanduser()
    if not os.path.isfile(given):  # noqa: PTH113  Path.is_file fails on names that are too long
        raise BackboneError(f"Cannot use '{given}' as a backbone: there is no such file.")
    user_spec = read_user_spec(given.with_suffix(".toml"))
    if user_spec.name in taken:
        raise BackboneError(
            f"Cannot use '{given}' as a backbone: {user_spec.name} is another's name; give it one in the TOML."
        )
    path = given if given.suffix.lower() == ".onnx" else given.with_suffix(".onnx")
    if not path.exists() and user_spec.url and user_spec.sha256:
        path = fetch_weights(user_spec.url, user_spec.sha256)
    try:
        digests = _list_digests(path)
    except OSError as error:
        raise BackboneError(f"Cannot use '{path}' as a backbone: {error.strerror or type(error).__name__}.") from None
    except BackboneError as error:
        raise BackboneError(f"Cannot use '{path}' as a backbone: {error}.") from None
    key = name_result("file", *digests, user_spec.describe(), str(CONVERSION_RULES))
    return fetch_kept(key) or convert_and_keep(key, path, user_spec)


def fetch_kept(key: str) -> tuple[BackboneSpec, bytes] | None:
    """Return the backbone that was kept under a key, or None."""
    kept = fetch_result(key, BACKBONES)
    if kept is None:
        return None
    record, _, network = kept.partition(b"\0")
    spec = _read_record(record)
    return None if spec is None else (spec, network)


def list_kept() -> list[tuple[str, BackboneSpec]]:
    """Return the keys and specs of what is kept, the latest last."""
    found = []
    for path, _ in sorted(list_files(BACKBONES), key=lambda file: file[1].st_mtime):
        with suppress(OSError), path.open("rb") as file:
            file.seek(DIGEST_BYTES)
            spec = _read_record(file.read(LONGEST_RECORD).partition(b"\0")[0])
            if spec is not None:
                found.append((path.name, spec))
    return found


def _read_record(record: bytes) -> BackboneSpec | None:
    try:
        return BackboneSpec.from_dict(json.loads(record))
    except (ValueError, TypeError, KeyError, BackboneError):  # a file that was fetched, or of another version
        return None


def convert_and_keep(key: str, path: Path, user_spec: UserSpec) -> tuple[BackboneSpec, bytes]:
    """Make a backbone of a network, and keep it under a key that tells it from others.

    Raises
    ------
    BackboneError, MissingExtraError
        As `convert_in_own_process`.
    """
    print_above(f"Making a backbone of '{path.name}', once.")
    try:
        spec, network = convert_in_own_process(path, user_spec, sum(file.stat().st_size for file in _list_files(path)))
    except BackboneError as error:
        raise BackboneError(f"Cannot use '{path}' as a backbone: {error}.") from None
    record = json.dumps(spec.to_dict()).encode()
    keep_result(key, record + b"\0" + network, BACKBONES)
    return spec, network


def _list_digests(path: Path) -> list[str]:
    """Return the SHA-256 of a network's file and of the files beside it that hold its weights."""
    files = _list_files(path)
    if sum(file.stat().st_size for file in files) > MAX_BYTES:
        raise BackboneError("it has more than 2 GB with its weights, more than can be put into one file")
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


def _list_files(path: Path) -> list[Path]:
    """Return a network's file, and those beside it that are there and hold its weights."""
    if path.stat().st_size > MAX_BYTES:
        raise BackboneError("it is larger than 2 GB, more than an ONNX file can be")
    try:
        parts = [path.parent / place for place in list_data_files(path.read_bytes())]
    except (ValueError, IndexError, KeyError):  # it is none, which will be told by who reads it
        parts = []
    return [path, *(part for part in parts if part.is_file())]
