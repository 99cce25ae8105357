"""A backbone from the user's own files: an ONNX network and a TOML that describes its input."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from headstart.backbone.backbone import Backbone
from headstart.backbone.foreign.conversion import CONVERSION_RULES
from headstart.backbone.foreign.converted_backbones import (
    MAX_FILE_BYTES,
    convert_and_keep,
    fetch_converted,
    list_network_files,
)
from headstart.backbone.foreign.downloading import fetch_weights
from headstart.backbone.foreign.user_spec import read_user_spec
from headstart.errors import BackboneError
from headstart.storage.local_files import read_regular
from headstart.storage.result_cache import name_result

SUFFIXES = (".onnx", ".toml")


def load_user_file(name: str, taken: Collection[str] = ()) -> Backbone:
    """Load a backbone from ``NAME.onnx`` and ``NAME.toml``, which lie side by side.

    ``name`` is the path of either. The backbone must not have a name in ``taken``. Only the first load needs onnx.
    """
    given = Path(name)
    with suppress(RuntimeError):  # the user after ~ is unknown
        given = given.expanduser()
    if not os.path.isfile(given):  # noqa: PTH113  Path.is_file fails on names that are too long
        raise BackboneError(f"Cannot use '{given}' as a backbone: there is no such file.", path=given)
    user_spec = read_user_spec(given.with_suffix(".toml"))
    if user_spec.name in taken:
        raise BackboneError(
            f"Cannot use '{given}' as a backbone: got the name {user_spec.name!r}, which another backbone has. Write "
            "another name into the TOML.",
            path=given,
        )
    path = given if given.suffix.lower() == ".onnx" else given.with_suffix(".onnx")
    if not path.exists() and user_spec.url and user_spec.sha256:
        path = fetch_weights(user_spec.url, user_spec.sha256)
    try:
        digests = _list_digests(path)
    except (OSError, BackboneError) as error:
        reason = (error.strerror or type(error).__name__) if isinstance(error, OSError) else error
        raise BackboneError(f"Cannot use '{path}' as a backbone: {reason}.", path=path) from None
    key = name_result("file", *digests, user_spec.describe(), str(CONVERSION_RULES))
    return fetch_converted(key) or convert_and_keep(key, path, user_spec)


def _list_digests(path: Path) -> list[str]:
    """Return the SHA-256 of an ONNX file and of the files beside it that hold its weights."""
    files = list_network_files(path)
    if sum(file.stat().st_size for file in files) > MAX_FILE_BYTES:
        raise BackboneError("it has more than 2 GB with its weights, which must all fit into one ONNX file")
    return [hashlib.sha256(read_regular(file)).hexdigest() for file in files]
