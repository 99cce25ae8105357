"""The page ``/docs``: the OpenAPI of the service with commands to copy; it loads nothing from other hosts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from headstart.exports.html_page import WEB as EXPORTED

WEB = Path(__file__).parent / "web"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src blob: data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
SAFE = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Field:
    """A named value of a request or an answer."""

    name: str
    kind: str
    description: str


@dataclass(frozen=True, slots=True)
class ResponseEntry:
    """One answer of an address; ``model`` is empty if the answer is not JSON."""

    status: str
    kind: str
    model: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address and method of the service."""

    method: str
    path: str
    description: str
    fields: list[Field]
    responses: list[ResponseEntry]
    curl: str
    python: str


async def show_docs(request: Request) -> HTMLResponse:
    """Return the page, with the host of the request in its commands."""
    return HTMLResponse(render_docs(request.app.openapi(), str(request.base_url)), headers=SAFE)


def render_docs(schema: dict[str, Any], base: str) -> str:
    """Return the page of an OpenAPI schema; ``base`` is the address of the service and ends with a slash."""
    endpoints, models = list_endpoints(schema, base), _list_models(schema)
    return render_template("docs.html.jinja", info=schema["info"], endpoints=endpoints, models=models)


def render_template(name: str, **content: Any) -> str:
    """Return a page of the service, from its template."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader([WEB, EXPORTED]), autoescape=True)
    return environment.get_template(name).render(content)


def list_endpoints(schema: dict[str, Any], base: str) -> list[Endpoint]:
    """Return the endpoints of an OpenAPI schema, each with commands that call it."""
    return [
        _make_endpoint(base, method, path, operation)
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    ]


def _make_endpoint(base: str, method: str, path: str, operation: dict[str, Any]) -> Endpoint:
    body = operation.get("requestBody", {}).get("content", {}).get("multipart/form-data")
    fields = _list_fields(body["schema"]) if body else []
    responses = [_make_response(*item) for item in sorted(operation["responses"].items())]
    kind = responses[0].kind  # status 200
    address, names = base + path.lstrip("/"), [field.name for field in fields[:1]]  # each field takes photos
    return Endpoint(
        method=method.upper(), path=path, description=operation["description"], fields=fields, responses=responses,
        curl=_write_curl(address, names, kind), python=_write_python(address, names, kind),
    )  # fmt: skip


def _make_response(status: str, response: dict[str, Any]) -> ResponseEntry:
    (kind, content), *_ = response["content"].items()
    model = _name_kind(content["schema"]) if "$ref" in content["schema"] else ""
    return ResponseEntry(status, kind, model, response["description"])


def _list_fields(model: dict[str, Any]) -> list[Field]:
    parts = model.get("properties", {}).items()
    return [Field(name, _name_kind(part), part.get("description", "")) for name, part in parts]


def _name_kind(part: dict[str, Any]) -> str:
    if "$ref" in part:
        return str(part["$ref"].rsplit("/", 1)[-1])
    if "anyOf" in part:
        return " or ".join(map(_name_kind, part["anyOf"]))
    if "contentMediaType" in part:
        return "file"
    if part.get("type") == "array":
        return f"list of {_name_kind(part['items'])}"
    if isinstance(part.get("additionalProperties"), dict):
        return f"object of {_name_kind(part['additionalProperties'])}"
    return str(part.get("type", "anything"))


def _list_models(schema: dict[str, Any]) -> list[tuple[str, str, list[Field]]]:
    models = schema["components"]["schemas"]
    return [(name, model.get("description", ""), _list_fields(model)) for name, model in models.items()]


def _write_curl(address: str, names: list[str], kind: str) -> str:
    form = "".join(f" -F {name}=@photo.jpg" for name in names)
    output = " -o picture.png" if kind.startswith("image/") else ""
    return f"curl -sS{form}{output} {address}"


def _write_python(address: str, names: list[str], kind: str) -> str:
    if not names:
        call = f'urllib.request.urlopen("{address}").read().decode()'
        return f"import urllib.request; print({call})"
    files = ", ".join(f'"{name}": open("photo.jpg", "rb")' for name in names)
    call = f'requests.post("{address}", files={{{files}}})'
    if kind.startswith("image/"):
        return f'import requests; open("picture.png", "wb").write({call}.content)'
    return f"import requests; print({call}.json())"
