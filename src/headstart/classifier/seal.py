"""The seal: the last bytes of a classifier file are the SHA-256 of all bytes before them.

An ONNX file is a protobuf message, to which fields can be appended. The seal is one more entry of the model's own
metadata, so that every ONNX reader still opens the file. With it, a damaged file is told from another program's file
before anything is parsed.
"""

from __future__ import annotations

import hashlib

from headstart.backbone.graph_file import encode_entry
from headstart.errors import ClassifierError

MARK = "headstart.seal"
PRODUCER = "headstart-classifier"  # in the first bytes: tells a truncated file from another program's file
EXPORT_MARK = "headstart-export"  # every export contains this text
_DIGEST_LENGTH = 64


_PREFIX = encode_entry(MARK, "0" * _DIGEST_LENGTH)[:-_DIGEST_LENGTH]
SEAL_LENGTH = len(_PREFIX) + _DIGEST_LENGTH


def seal_bytes(model: bytes) -> bytes:
    """Return the serialised ONNX model with its seal appended."""
    return model + _make_seal(model)


def _make_seal(model: bytes | memoryview) -> bytes:
    return encode_entry(MARK, hashlib.sha256(model).hexdigest())


def check_seal(data: bytes) -> str:
    """Return the SHA-256 in hex of the sealed bytes; raise ClassifierError (the reason alone) if the seal is broken."""
    if not data:
        raise ClassifierError("it is empty")
    body, seal = memoryview(data)[:-SEAL_LENGTH], data[-SEAL_LENGTH:]
    if not seal.startswith(_PREFIX):
        if PRODUCER.encode() in data[:64] or MARK.encode() in data:
            raise ClassifierError("it is damaged (cut off or appended to). Copy it again from where it came")
        if EXPORT_MARK.encode() in data:
            raise ClassifierError(
                "it is an export, for other programs, and not a classifier. Give the model.onnx that it was made from, "
                "or the run folder that holds it"
            )
        raise ClassifierError(
            "it is not a classifier that headstart wrote. Give a model.onnx, or the run folder that holds it"
        )
    if seal != _make_seal(body):
        raise ClassifierError("it is damaged (its SHA-256 is not the one it records). Copy it again from where it came")
    return seal[-_DIGEST_LENGTH:].decode()
