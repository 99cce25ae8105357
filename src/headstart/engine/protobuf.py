"""The part of protobuf's wire format that ONNX files need (protobuf.dev, "Encoding").

A message is a list of fields. A field is its number, the kind of its value, and the value: a varint, or bytes after
their length, which are a text or another message. The onnx package can do the same, but takes 0.1 s to import.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_VARINT, _BYTES, _FLOAT = 0, 2, 5
_FIXED = {1: 8, 5: 4}  # length in bytes of the kinds of numbers that have a fixed length


def encode_field(number: int, value: float | str | bytes) -> bytes:
    """Return one field of a message: a whole number from 0 on, a float in 32 bits, a text or bytes."""
    if isinstance(value, int):
        return _encode_varint(number << 3 | _VARINT) + _encode_varint(value)
    if isinstance(value, float):
        return _encode_varint(number << 3 | _FLOAT) + struct.pack("<f", value)
    data = value.encode() if isinstance(value, str) else value
    return _encode_varint(number << 3 | _BYTES) + _encode_varint(len(data)) + data


def encode_message(*fields: tuple[int, float | str | bytes]) -> bytes:
    """Return a message of these fields, each a number and a value."""
    return b"".join(encode_field(number, value) for number, value in fields)


def split_message(message: bytes | memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    """Yield the fields of a message in their order: the number, the whole field, and the value if that is bytes.

    Field and value are views of the message: nothing is copied. Raise ValueError if it is not a message.
    """
    message = memoryview(message)
    for number, at, start, end, _ in find_fields(message):
        yield number, message[at:end], message[start if message[at] & 7 == _BYTES else end : end]


def find_fields(message: memoryview) -> Iterator[tuple[int, int, int, int, int | None]]:
    """Yield the fields of a message in their order: number, positions of field, value and end, value if it is a varint.

    Raise ValueError if it is not a message.
    """
    at, length = 0, len(message)
    while at < length:
        key, start = (message[at], at + 1) if message[at] < 128 else _decode_varint(message, at)
        kind, value = key & 7, None
        if kind == _BYTES:
            # most are short, and a call for each takes half of the time
            is_short = start < length and message[start] < 128
            size, start = (message[start], start + 1) if is_short else _decode_varint(message, start)
            end = start + size
        elif kind == _VARINT:
            value, end = _decode_varint(message, start)
        elif kind in _FIXED:
            end = start + _FIXED[kind]
        else:
            raise ValueError(f"got a field of kind {kind}, need a protobuf message")
        if end > length:
            raise ValueError("got a message that breaks off")
        yield key >> 3, at, start, end, value
        at = end


def unpack_varints(packed: memoryview) -> list[int]:
    """Return the numbers of a field whose varints are packed into one value."""
    numbers, at = [], 0
    while at < len(packed):
        number, at = _decode_varint(packed, at)
        numbers.append(number)
    return numbers


def _encode_varint(number: int) -> bytes:
    """Return a number as groups of seven bits, the lowest first. Every group but the last has its eighth bit set."""
    groups = bytearray()
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    return bytes([*groups, number])


def _decode_varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return the number that begins at position ``at``, and the position after it."""
    number = shift = 0
    while at < len(message) and shift < 64:
        group = message[at]
        number |= (group & 127) << shift
        at += 1
        if group < 128:
            return number, at
        shift += 7
    raise ValueError("got a message that breaks off")
