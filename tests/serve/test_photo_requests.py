"""Photos come as fields of a form or as the body, to both addresses."""

import pytest

import headstart as hs
from headstart.serve.limits import Limits

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from headstart.serve.app import build_app

PATHS = ["/predict", "/explain"]


@pytest.fixture(scope="module")
def client(run):
    app = build_app(hs.load(run.folder), limits=Limits(max_files=3))
    with TestClient(app, base_url="http://localhost") as client:
        yield client


def get_label(response):
    assert response.status_code == 200, response.text
    return (
        response.json()["predictions"][0]["label"] if "json" in response.headers["content-type"] else response.content
    )


@pytest.mark.parametrize("path", PATHS)
def test_all_ways_to_send_a_photo_give_the_same_answer(client, photos, path):
    data = photos[0].read_bytes()
    answers = [get_label(client.post(path, files={field: ("a.jpg", data)})) for field in ("files", "file")]
    kinds = ("image/jpeg", "IMAGE/PNG", "image/jpeg; charset=x", "application/octet-stream")
    answers += [get_label(client.post(path, content=data, headers={"content-type": kind})) for kind in kinds]
    assert all(answer == answers[0] for answer in answers)


def test_both_fields_together_keep_their_order(client, photos):
    files = [(field, (f"{n}.jpg", photos[0].read_bytes())) for n, field in enumerate(["file", "files", "file"])]
    found = client.post("/predict", files=files).json()["predictions"]
    assert [one["file"] for one in found] == ["0.jpg", "1.jpg", "2.jpg"]


def test_explain_takes_one_photo(client, photos):
    response = client.post("/explain", files=[("file", photos[0].read_bytes())] * 2)
    assert (response.status_code, response.json()["error"]) == (413, "Got 2 files, need at most 1 in a request.")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"content": b"", "headers": {"content-type": "image/jpeg"}}, "empty file."),
        ({"content": b"text", "headers": {"content-type": "image/jpeg"}}, "not a photo: no known signature."),
        (
            {"content": b"{}", "headers": {"content-type": "application/x-www-form-urlencoded"}},
            "There are no parameters.",
        ),
        ({"data": {"file": "a.jpg"}, "files": {"files": b"x"}}, "Got a field without a file. Send photos"),
        (
            {"content": b"--x--\r\n", "headers": {"content-type": "multipart/form-data; boundary=x"}},
            "Got no photo. Send",
        ),
    ],
)
def test_other_bodies_are_refused_with_a_sentence(client, path, asked, sentence):
    response = client.post(path, **asked)
    assert response.status_code == 422
    assert sentence in response.json()["error"]


def test_a_body_over_the_limit_of_a_photo_is_refused(run, photos):
    app = build_app(hs.load(run.folder), limits=Limits(max_file_bytes=1000))
    with TestClient(app, base_url="http://localhost") as client:
        asked = {"content": bytes(2000), "headers": {"content-type": "image/jpeg"}}
        for path in PATHS:
            response = client.post(path, **asked)
            assert (response.status_code, response.json()["error"]) == (
                413, "The photo is too large, need at most 0.001 MB.",
            )  # fmt: skip
            in_form = client.post(path, files={"file": bytes(2000)})
            assert in_form.status_code == {"/predict": 422, "/explain": 413}[path]
