"""Classifier files that were checked here before: what is in them, without parsing 9 MB of graph again."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt

from headstart.storage.result_cache import fetch_result, keep_result, name_result
from headstart.version import __version__

Parts = tuple[str, npt.NDArray[np.float32], npt.NDArray[np.float32]]


def recall_parts(digest: str) -> Parts | None:
    """Return the record's text and the head's weights (D, C) and bias (C,) of a file that passed all checks.

    Parameters
    ----------
    digest
        The SHA-256 that the file's seal records and that its bytes have.
    """
    kept = fetch_result(_name(digest))
    if kept is None:
        return None
    header, _, numbers = kept.partition(b"\n")
    record, (n_features, n_labels) = json.loads(header)
    values = np.frombuffer(numbers, "<f4")
    return record, values[:-n_labels].reshape(n_features, n_labels), values[-n_labels:]


def remember_parts(digest: str, parts: Parts) -> None:
    """Remember what is in a file that passed all checks."""
    record, weights, bias = parts
    header = json.dumps([record, weights.shape]).encode()
    keep_result(_name(digest), b"\n".join([header, weights.astype("<f4").tobytes() + bias.astype("<f4").tobytes()]))


def _name(digest: str) -> str:
    return name_result("classifier-2", digest, __version__)  # whatever checks more gets another name
