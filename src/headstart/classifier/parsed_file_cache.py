"""A cache of the parts of classifier files that passed all checks, so that 9 MB of graph are parsed only once."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt

from headstart.storage.result_cache import fetch_result, keep_result, name_result
from headstart.version import __version__

Parts = tuple[str, npt.NDArray[np.float32], npt.NDArray[np.float32]]


def recall_parts(digest: str) -> Parts | None:
    """Return the metadata as JSON and the head's weights (D, C) and bias (C,) of a file, or None if it is not cached.

    Parameters
    ----------
    digest
        SHA-256 in hex that the seal records. The caller has compared it with the bytes.
    """
    kept = fetch_result(_name(digest))
    if kept is None:
        return None
    header, _, numbers = kept.partition(b"\n")
    record, (n_features, n_labels) = json.loads(header)
    values = np.frombuffer(numbers, "<f4")
    return record, values[:-n_labels].reshape(n_features, n_labels), values[-n_labels:]


def remember_parts(digest: str, parts: Parts) -> None:
    """Cache the parts of a file that passed all checks."""
    record, weights, bias = parts
    header = json.dumps([record, weights.shape]).encode()
    keep_result(_name(digest), b"\n".join([header, weights.astype("<f4").tobytes() + bias.astype("<f4").tobytes()]))


def _name(digest: str) -> str:
    return name_result("classifier-2", digest, __version__)  # stricter checks need another name
