"""Each error of a request is one sentence with one full stop."""

import pytest

import headstart as hs

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from headstart.serve.app import build_app
from headstart.serve.error_responses import describe_rejections, make_text


@pytest.fixture(scope="module")
def client(run):
    with TestClient(build_app(hs.load(run.folder)), base_url="http://localhost") as client:
        yield client


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("multipart/form-data", "Missing boundary in multipart."),
        ("multipart/form-data; boundary=x", "Invalid multipart data."),
        ("application/json", "Got 'application/json'. Send photos as multipart/form-data in fields named"),
        ("", "Got no content type. Send photos"),
    ],
)
def test_a_damaged_form_gets_a_sentence(client, kind, sentence):
    told = client.post("/predict", content=b"{}", headers={"content-type": kind}).json()["error"]
    assert told.startswith(sentence)
    assert not told.endswith("..")


@pytest.mark.parametrize(("path", "field"), [("/predict", "files"), ("/explain", "file")])
def test_unknown_fields_are_named_with_the_known_ones(client, photos, path, field):
    files = {field: photos[0].read_bytes()}
    assert client.post(path, files=files).status_code == 200
    for extra in ({"params": {"top": 3}}, {"data": {"top": "3"}}):
        response = client.post(path, files=files, **extra)
        assert response.status_code == 422
        assert response.json()["error"].startswith("Got unknown 'top'. Send photos as multipart/form-data in fields")
    many = client.post(path, files=files, params=dict.fromkeys("edcba", 1)).json()["error"]
    assert many.startswith("Got unknown 'a', 'b', 'c' and 2 more.")
    in_address = client.post(path, files=files, params={field: "a.jpg"})
    assert in_address.status_code == 422
    assert in_address.json()["error"].startswith(f"Got '{field}' in the address.")


def test_get_requests_ignore_parameters(client):
    assert client.get("/health", params={"time": 1}).status_code == 200
    assert "ignore parameters" in client.get("/openapi.json").json()["info"]["description"]


def test_headers_of_refusals_are_documented():
    told = describe_rejections(405, 413, 429)
    assert [list(about.get("headers", {})) for about in told.values()] == [["Allow"], [], ["Retry-After"]]


def test_surrogates_are_replaced():
    assert make_text("a\ud800\u00e9.jpg") == "a?\u00e9.jpg"
