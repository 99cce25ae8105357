"""Protobuf's wire format, as much of it as an ONNX file is put together with (protobuf.dev, "Encoding").

A message is a list of fields. Each begins with its number and the kind of its value: a varint, or bytes with their
length before them, which may be text or a message again. The onnx package does the same with all of its messages; it
takes a tenth of a second to import, and here one list of fields grows by a few.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_VARINT, _BYTES, _FLOAT = 0, 2, 5
_FIXED = {1: 8, 5: 4}  # the kinds of numbers with a fixed length, and that length


def encode_field(number: int, value: float | str | bytes) -> bytes:
    r"""Return one field of a message.

    Parameters
    ----------
    value
        A whole number from 0 on, a float (of 32 bits), a text, or bytes: a message that is encoded already.

    Examples
    --------
    >>> encode_field(1, 150), encode_field(2, "testing")
    (b'\x08\x96\x01', b'\x12\x07testing')
    """
    if isinstance(value, int):
        return _encode_varint(number << 3 | _VARINT) + _encode_varint(value)
    if isinstance(value, float):
        return _encode_varint(number << 3 | _FLOAT) + struct.pack("<f", value)
    data = value.encode() if isinstance(value, str) else value
    return _encode_varint(number << 3 | _BYTES) + _encode_varint(len(data)) + data


def encode_message(*fields: tuple[int, float | str | bytes]) -> bytes:
    r"""Return a message of some fields, each a number and a value.

    Examples
    --------
    >>> encode_message((1, 150), (3, encode_message((1, "a"))))
    b'\x08\x96\x01\x1a\x03\n\x01a'
    """
    return b"".join(encode_field(number, value) for number, value in fields)


def split_message(message: bytes | memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    r"""Yield the fields of a message in their order: number, whole field, and the value where that is bytes.

    Nothing is copied: both are views of the message.

    Raises
    ------
    ValueError
        If it is no message.

    Examples
    --------
    >>> [(number, bytes(value)) for number, _, value in split_message(b"\x08\x96\x01\x12\x07testing")]
    [(1, b''), (2, b'testing')]
    """
    message = memoryview(message)
    at = 0
    while at < len(message):
        key, after = _decode_varint(message, at)
        if key & 7 == _VARINT:
            start = end = _decode_varint(message, after)[1]
        elif key & 7 == _BYTES:
            length, start = _decode_varint(message, after)
            end = start + length
        elif key & 7 in _FIXED:
            start = end = after + _FIXED[key & 7]
        else:
            raise ValueError(f"got a field of kind {key & 7}, need a message of protobuf")
        if end > len(message):
            raise ValueError("got a message that is cut off")
        yield key >> 3, message[at:end], message[start:end]
        at = end


def _encode_varint(number: int) -> bytes:
    """Return a number as groups of seven bits, the lowest first; a group that others follow has its eighth bit set."""
    groups = bytearray()
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    return bytes([*groups, number])


def _decode_varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return the number that begins at a place, and the place after it."""
    number = shift = 0
    while at < len(message) and shift < 64:
        group = message[at]
        number |= (group & 127) << shift
        at += 1
        if group < 128:
            return number, at
        shift += 7
    raise ValueError("got a message that is cut off")
