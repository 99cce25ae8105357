"""The photos of a request: fields of a form, or one photo as the body."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from headstart.serve.error_responses import quote_names
from headstart.serve.limits import Rejection

FIELDS = ("files", "file")
FORM = "multipart/form-data"
BYTES = "application/octet-stream"
_INSTRUCTION = (
    "Send photos as multipart/form-data in fields named 'files' or 'file', or one photo as the body with a "
    "Content-Type such as image/jpeg or application/octet-stream. There are no parameters."
)


@asynccontextmanager
async def read_uploads(request: Request, max_files: int, max_bytes: int) -> AsyncIterator[list[UploadFile]]:
    """Give the photos of a request, in its order; their files are closed at the end.

    Raises
    ------
    Rejection
        400 if the form is damaged, 413 for too many photos, 422 for none, and for fields, parameters and content types
        that are unknown.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if unknown := sorted(set(request.query_params) - set(FIELDS)):
        raise Rejection(422, f"Got unknown {quote_names(unknown)}. {_INSTRUCTION}")
    if request.query_params:
        raise Rejection(422, f"Got {quote_names(sorted(request.query_params))} in the address. {_INSTRUCTION}")
    if kind == BYTES or kind.startswith("image/"):
        body = await _read_body(request, max_bytes)
        yield [UploadFile(io.BytesIO(body), size=len(body), filename="photo")]
    elif kind == FORM:
        form = await _read_form(request)
        try:
            yield _list_uploads(form, max_files)
        finally:
            await form.close()
    else:
        raise Rejection(422, f"Got {quote_names([kind]) if kind else 'no content type'}. {_INSTRUCTION}")


async def _read_body(request: Request, max_bytes: int) -> bytes:
    """Read the body up to the limit of a photo, so that a larger one is rejected before it has been received."""
    pieces, n_bytes = [], 0
    try:
        async for piece in request.stream():
            pieces.append(piece)
            n_bytes += len(piece)
            if n_bytes > max_bytes:
                raise Rejection(413, f"The photo is too large, need at most {max_bytes / 1e6:g} MB.")
    except ClientDisconnect:
        raise Rejection(400, "The body ends too early.") from None  # nobody reads it; the log stays free of an error
    return b"".join(pieces)


async def _read_form(request: Request) -> FormData:
    try:
        return await request.form()
    except HTTPException:  # 400 with a reason
        raise
    except Exception:  # parsers of forms raise almost anything on damaged bytes
        raise Rejection(400, "The form is damaged: its parts cannot be separated.") from None


def _list_uploads(form: FormData, max_files: int) -> list[UploadFile]:
    if unknown := sorted(set(form) - set(FIELDS)):
        raise Rejection(422, f"Got unknown {quote_names(unknown)}. {_INSTRUCTION}")
    uploads = [value for _, value in form.multi_items() if not isinstance(value, str)]
    if len(uploads) < len(form.multi_items()):
        raise Rejection(422, f"Got a field without a file. {_INSTRUCTION}")
    if not uploads:
        raise Rejection(422, f"Got no photo. {_INSTRUCTION}")
    if len(uploads) > max_files:
        raise Rejection(413, f"Got {len(uploads)} files, need at most {max_files} in a request.")
    return uploads


def describe_body(*fields: str) -> dict[str, Any]:
    """Return the description of the body for the OpenAPI; the first field is the one that examples use."""
    photo = {"type": "string", "contentMediaType": BYTES}
    properties = {
        name: {"type": "array", "items": photo, "description": f"One or more photos; the same as {other}."}
        for name, other in zip(fields, reversed(fields), strict=True)
    }
    form = {"schema": {"type": "object", "properties": properties, "minProperties": 1, "additionalProperties": False}}
    one = {"schema": photo}
    return {"requestBody": {"required": True, "content": {FORM: form, "image/*": one, BYTES: one}}}
