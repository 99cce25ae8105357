"""All answers of the service match its OpenAPI, whatever the request."""

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import headstart as hs
from headstart.serve.limits import Limits

jsonschema = pytest.importorskip("jsonschema")
pytest.importorskip("fastapi")
from fastapi.testclient import TestClient  # noqa: E402  only where it is installed

from headstart.serve.app import build_app  # noqa: E402
from headstart.serve.photo_requests import BYTES  # noqa: E402

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "ODD"]
CHARSETS = ["utf-8", "utf-7", "utf-16", "unicode_escape", "idna", "hex", "none such", "\0"]
KINDS = [
    "", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=other",
    "multipart/mixed; boundary=edge", "application/x-www-form-urlencoded", "application/json", "text/plain", "\xdf",
    *(f"multipart/form-data; boundary=edge; charset={charset}" for charset in CHARSETS),
]  # fmt: skip
NUMBERS = ["0", "-1", "+5", "x", "1e3", "9" * 5000, "0" * 5000, " 7 ", ""]
ODD_HEADERS = [
    ("accept", "none/such"), ("content-encoding", "gzip"), ("range", "bytes=5-2"), ("expect", "100-continue"),
    ("x-http-method-override", "DELETE"), ("transfer-encoding", "chunked"), ("cookie", "\xff=;;"),
    ("origin", "https://example.org"), ("sec-fetch-site", "cross-site"), ("host", "example.org"),
]  # fmt: skip
fuzzed = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

words = st.sampled_from(["files", "file", "top", "a b", "\ud7ff", "<b>", ""]) | st.text(max_size=8)
names = st.sampled_from([b"a.jpg", b"\xff\xfe", b"\\ud800", b"+2AA-", b'"', b"../a", b"%00", b"x" * 300, b""])


@pytest.fixture(scope="module")
def client(run):
    limits = Limits(max_file_bytes=20_000, max_body_bytes=60_000, max_pixels=1_000_000, max_files=4)
    with TestClient(
        build_app(hs.load(run.folder), limits=limits), raise_server_exceptions=False, base_url="http://localhost"
    ) as client:
        yield client


@pytest.fixture(scope="module")
def document(client):
    return client.get("/openapi.json").json()


def list_operations(document):
    return [(path, method) for path, methods in document["paths"].items() for method in methods]


def find_fields(document, path, method):
    """Return the fields of a request's form, each of which takes photos."""
    body = document["paths"][path][method].get("requestBody")
    if body is None:
        return []
    assert set(body["content"]) == {"multipart/form-data", "image/*", "application/octet-stream"}
    properties = body["content"]["multipart/form-data"]["schema"]["properties"]
    assert all(part["type"] == "array" for part in properties.values())
    return list(properties)


def check(document, path, method, response):
    """Fail unless the answer is one that the document promises."""
    assert response.status_code < 500, response.text
    promised = document["paths"][path]
    # of a method that the path does not have, the others tell
    operation = promised.get(method.lower()) or next(iter(promised.values()))
    assert str(response.status_code) in operation["responses"], response.status_code
    content = operation["responses"][str(response.status_code)]["content"]
    kind = response.headers["content-type"].split(";")[0]
    assert kind in content
    if kind == "application/json" and method != "HEAD":
        whole = {**content[kind]["schema"], "components": document["components"]}
        jsonschema.Draft202012Validator(whole).validate(response.json())


@st.composite
def forms(draw, fields, contents):
    """Bytes of a form with fields of these names: missing, repeated, with a file's name or without."""
    parts = []
    for name in draw(st.lists(fields, min_size=1, max_size=5)):
        head = b'Content-Disposition: form-data; name="' + name.encode("utf-8") + b'"'
        if draw(st.integers(0, 4)):
            head += b'; filename="' + draw(names) + b'"'
        parts.append(b"--edge\r\n" + head + b"\r\n\r\n" + draw(contents) + b"\r\n")
    return b"".join([*parts, b"--edge--\r\n"])


@pytest.fixture(scope="module")
def contents(photos):
    """Return what a field may hold: photos, damaged ones, anything else, too much."""
    photo = photos[0].read_bytes()
    wrong = [b"", b"[]", b"null", b"3.5", photo[:300], photo[:3] + bytes(50), bytes(25_000)]
    return st.sampled_from([photo] * 6 + wrong) | st.sampled_from([photos[-1].read_bytes()] * 6 + wrong)


@st.composite
def requests(draw, document, contents):
    """Return a request that is wrong in at most two ways: were all wrong, none would come as far as the photos."""
    operations = list_operations(document)
    path, method = draw(st.sampled_from(operations + 2 * [one for one in operations if find_fields(document, *one)]))
    wrong = draw(st.lists(st.sampled_from(["method", "kind", "query", "headers", "fields", "cut"]), max_size=2))
    fields = st.sampled_from(sorted(find_fields(document, path, method)) or ["files"])
    body = draw(forms(words if "fields" in wrong else fields, contents))
    if "cut" in wrong:
        body = draw(st.binary(max_size=80) | st.just(body[: draw(st.integers(0, len(body)))]))
    kind = draw(st.sampled_from(KINDS)) if "kind" in wrong else "multipart/form-data; boundary=edge"
    if find_fields(document, path, method) and not wrong and draw(st.booleans()):
        body, kind = draw(contents), draw(st.sampled_from(["image/jpeg", "image/x; q=1", "application/octet-stream"]))
    query = draw(st.lists(st.tuples(words, words), min_size=1, max_size=3)) if "query" in wrong else []
    headers = {"content-type": kind}
    if "headers" in wrong:
        number = draw(st.sampled_from(NUMBERS))
        name, value = draw(st.sampled_from([*ODD_HEADERS, *dict.fromkeys(["content-length", "host"], number).items()]))
        headers[name] = value
    if "method" in wrong:
        method = draw(st.sampled_from(METHODS))
    sent = {name: value.encode("latin-1") for name, value in headers.items()}
    return {"method": method, "url": path, "params": query, "content": body, "headers": sent}


# a part that was cut off, and its file, are left to the garbage collector by Starlette
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@fuzzed
@given(data=st.data())
def test_every_answer_is_documented(client, document, contents, data):
    request = data.draw(requests(document, contents))
    response = client.request(**request)
    event(f"{request['url']} {response.status_code}")
    check(document, request["url"], request["method"], response)


@settings(fuzzed, max_examples=10)
@given(data=st.data())
def test_every_valid_request_succeeds(client, document, photos, data):
    for path, method in list_operations(document):
        fields = find_fields(document, path, method)
        photo = data.draw(st.sampled_from(photos)).read_bytes()
        files = [(name, ("a.jpg", photo)) for name in fields] * data.draw(st.integers(1, 2))
        # one request for each way; only /predict takes several photos
        ways = [{"files": [file]} for file in files] if fields else [{}]
        ways += [{"files": files}] if path == "/predict" else []
        ways += [{"content": photo, "headers": {"content-type": kind}} for kind in ("image/jpeg", BYTES) if fields]
        for way in ways:
            response = client.request(method, path, **way)
            assert response.status_code == 200, response.text
            check(document, path, method, response)


@pytest.mark.parametrize(
    ("charset", "name"), [("utf-7", b"+2AA-"), ("unicode_escape", b"\\ud800"), ("none such", b"\xff"), ("\0", b"a")]
)
@pytest.mark.parametrize("field", [b'files"; filename="', b"files"])
def test_names_in_wrong_charsets_are_answered(client, document, photos, charset, name, field):
    head = b'--edge\r\nContent-Disposition: form-data; name="' + field + name + b'"\r\n\r\n'
    body = head + photos[0].read_bytes() + b"\r\n--edge--\r\n"
    headers = {"content-type": f"multipart/form-data; boundary=edge; charset={charset}"}
    check(document, "/predict", "POST", client.post("/predict", content=body, headers=headers))


@pytest.mark.parametrize(("claimed", "status"), [("9" * 5000, 413), ("0" * 5000, 200), ("-1", 400), ("1e3", 400)])
def test_odd_content_lengths_are_answered(client, document, claimed, status):
    response = client.get("/health", headers={"content-length": claimed})
    assert response.status_code == status
    check(document, "/health", "GET", response)


def test_every_refusal_has_a_description(document):
    for path, method in list_operations(document):
        for status, answer in document["paths"][path][method]["responses"].items():
            if status != "200":
                assert answer["description"].endswith(".")
                assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorMessage")


def test_a_failure_is_answered_with_500(run, document, monkeypatch):
    app = build_app(hs.load(run.folder))
    monkeypatch.setattr("headstart.serve.app.generate_latest", lambda _: 1 / 0)
    with TestClient(app, raise_server_exceptions=False, base_url="http://localhost") as client:
        response = client.get("/metrics")
    assert (response.status_code, response.json()) == (500, {"error": "The service failed. Its log has the reason."})
    assert "500" in document["paths"]["/metrics"]["get"]["responses"]
