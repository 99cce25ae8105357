"""Whatever is wrong with a request is answered in one form, ``{"error": sentence}``, and documented."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from headstart.serve.limits import Refusal
from headstart.serve.response_models import Problem

_SENTENCES = {404: "There is nothing at this address.", 405: "This address does not take requests of this kind."}
_WHEN = {
    400: "The request is damaged: its parts cannot be told apart, or it claims no true length.",
    405: "The address does not take this method; the header Allow names the one that it takes.",
    408: "It took too long. Send fewer photos at a time.",
    413: "There is too much of it: bytes, or files.",
    422: "No photo could be read, there is none, or there is something that this address does not know.",
    429: "Too many photos are waiting. Try again after the seconds that the header Retry-After says.",
    500: "The service failed; its log says why.",
}
_HEADERS = {405: "Allow", 429: "Retry-After"}


def describe_refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return how an address may refuse, for its OpenAPI."""
    return {status: _describe(status) for status in statuses}


def _describe(status: int) -> dict[str, Any]:
    about: dict[str, Any] = {"model": Problem, "description": _WHEN[status]}
    if status in _HEADERS:
        about["headers"] = {_HEADERS[status]: {"schema": {"type": "string"}}}
    return about


def refuse_unknown(field: str) -> Any:
    """Return the check that a request has fields of this name alone, and no parameters in its address."""

    async def refuse(request: Request) -> None:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "multipart/form-data":  # what a client sends as it is would be taken for names of fields
            raise Refusal(422, f"Got {_quote([kind]) if kind else 'no content type'}. {_NEEDED}")
        given = {*request.query_params, *await request.form()}
        if unknown := sorted(given - {field}):
            raise Refusal(422, f"Got unknown {_quote(unknown)}. {_NEEDED}")
        if field in request.query_params:
            raise Refusal(422, f"Got '{field}' in the address. {_NEEDED}")

    return refuse


_NEEDED = (
    "Send photos as multipart/form-data, in fields named 'files' (to /explain one, in 'file'), and nothing else: "
    "there are no parameters."
)


def _quote(names: list[str]) -> str:
    shown = ", ".join(f"'{name[:40]}'" for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def tell_refusals(app: FastAPI) -> None:
    """Answer whatever is wrong with a request in the one form."""

    @app.exception_handler(Refusal)
    async def refuse(_: Request, refusal: Refusal) -> JSONResponse:
        headers = {"Retry-After": "1"} if refusal.status == 429 else None
        return _say(refusal.status, str(refusal), headers)

    @app.exception_handler(RequestValidationError)
    async def name_what_is_needed(_: Request, __: RequestValidationError) -> JSONResponse:
        return _say(422, _NEEDED)

    @app.exception_handler(HTTPException)
    async def say_it(_: Request, error: HTTPException) -> JSONResponse:
        sentence = _SENTENCES.get(error.status_code, f"{error.detail.rstrip('.')}.")
        return _say(error.status_code, sentence, error.headers)

    @app.exception_handler(Exception)
    async def own_up(_: Request, __: Exception) -> JSONResponse:
        return _say(500, "The service failed. Its log says why.")


def _say(status: int, sentence: str, headers: Any = None) -> JSONResponse:
    return JSONResponse({"error": make_text(sentence)}, status, headers)


def make_text(name: str) -> str:
    """Return what a stranger typed as text that UTF-8 can say: a charset may give it halves of characters."""
    return name.encode("utf-8", "replace").decode()
