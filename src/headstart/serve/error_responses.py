"""All errors of a request are answered in one form, ``{"error": sentence}``, and described in the OpenAPI."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from headstart.serve.limits import Rejection
from headstart.serve.response_models import ErrorMessage

_STATUS_SENTENCES = {404: "There is nothing at this address.", 405: "This address does not take this method."}
_DESCRIPTIONS = {
    400: "The request is damaged: its parts cannot be separated, or its Content-Length is not a number.",
    403: "The header Host has a name that is not allowed, or a web page of an origin that is not allowed has sent the "
    "photos. The options --allow-host and --allow-origin of the service allow them.",
    405: "The address does not take this method. The header Allow names the method that it takes.",
    408: "The request is sent too slowly, or the answer takes too long. Send fewer photos at a time.",
    413: "The request has too many bytes or files.",
    422: "No photo can be read, or the request has no photo, or it has a field or parameter that is unknown.",
    429: "Too many photos are waiting. Try again after the number of seconds in the header Retry-After.",
    431: "The head of the request has too many bytes.",
    500: "The service failed. Its log has the reason.",
    503: "The service receives too many bytes, decodes too many slow photos or stops. Try again after the number of "
    "seconds in the header Retry-After.",
}
_HEADERS = {405: "Allow", 429: "Retry-After", 503: "Retry-After"}


def describe_rejections(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the descriptions of rejections for the OpenAPI, by status."""
    return {status: _describe(status) for status in statuses}


def _describe(status: int) -> dict[str, Any]:
    about: dict[str, Any] = {"model": ErrorMessage, "description": _DESCRIPTIONS[status]}
    if status in _HEADERS:
        about["headers"] = {_HEADERS[status]: {"schema": {"type": "string"}}}
    return about


def quote_names(names: list[str]) -> str:
    """Return up to three names of a client in quotes, each shortened, and the number of others."""
    shown = ", ".join(f"'{name[:40]}'" for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def add_error_handlers(app: FastAPI) -> None:
    """Answer all errors of an application in the one form."""

    @app.exception_handler(Rejection)
    async def answer_rejection(_: Request, rejection: Rejection) -> JSONResponse:
        headers = {"Retry-After": "1"} if rejection.status in (429, 503) else None
        return _answer_error(rejection.status, str(rejection), headers)

    @app.exception_handler(HTTPException)
    async def answer_http_error(_: Request, error: HTTPException) -> JSONResponse:
        sentence = _STATUS_SENTENCES.get(error.status_code, f"{error.detail.rstrip('.')}.")
        return _answer_error(error.status_code, sentence, error.headers)

    @app.exception_handler(Exception)
    async def answer_failure(_: Request, __: Exception) -> JSONResponse:
        return _answer_error(500, _DESCRIPTIONS[500])


def _answer_error(status: int, sentence: str, headers: Any = None) -> JSONResponse:
    return JSONResponse({"error": make_text(sentence)}, status, headers)


def make_text(name: str) -> str:
    """Return a text of a client without surrogates, which a wrong charset can cause and UTF-8 cannot encode."""
    return name.encode("utf-8", "replace").decode()
