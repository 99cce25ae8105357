"""Only known names of the service are answered, and only known web pages may send photos."""

import pytest

import headstart as hs
from headstart.errors import ServeError
from headstart.serve.access import Access, make_access, split_port

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from headstart.serve.app import build_app

ACCESS = make_access(
    listens_on="0.0.0.0",  # noqa: S104
    hosts=["Pets.example.org", "*.example.net"],
    origins=["https://shop.example.org", "http://localhost:3000"],
)


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8000", "LOCALHOST", "localhost.", "127.0.0.1:8000", "[::1]:8000", "[::1]", "10.1.2.3", "",
     "pets.example.org", "PETS.example.org:443", "a.example.net", "b.a.example.net:1", "app.localhost:80"],
)  # fmt: skip
def test_names_of_this_machine_and_allowed_names_are_answered(host):
    assert ACCESS.allows_host(host)


@pytest.mark.parametrize(
    "host", ["evil.org", "evil.org:8000", "example.net", "xexample.net", "127.0.0.1.evil.org", "localhost.evil.org",
             "x y", "[evil.org]", "pets.example.org.evil.org", "notlocalhost"],
)  # fmt: skip
def test_other_names_are_not_answered(host):
    assert not ACCESS.allows_host(host)


def test_the_machines_own_name_is_answered(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "Box.lan")
    access = make_access(listens_on="0.0.0.0")  # noqa: S104
    assert access.hosts >= {"box.lan", "box.local"}
    assert make_access(listens_on="pets.lan").allows_host("pets.lan:8000")
    assert make_access(listens_on="x", hosts=["*"]).allows_host("evil.org")


@pytest.mark.parametrize(
    ("origin", "host", "fetch_site", "is_allowed"),
    [
        (None, "localhost:8000", None, True),  # curl
        ("http://localhost:8000", "localhost:8000", None, True),  # the own page, in an older browser
        ("http://localhost:8000", "localhost:8000", "same-origin", True),
        ("https://pets.example.org", "127.0.0.1:8000", "same-origin", True),  # a proxy has changed Host
        (None, "localhost:8000", "none", True),  # an address that was typed
        ("https://shop.example.org", "localhost:8000", "cross-site", True),
        ("http://localhost:3000", "localhost:8000", "same-site", True),
        ("http://localhost:5000", "localhost:8000", "same-site", False),
        ("https://evil.org", "localhost:8000", "cross-site", False),
        ("https://evil.org", "localhost:8000", None, False),
        ("null", "localhost:8000", None, False),
        (None, "localhost:8000", "cross-site", False),
    ],
)  # fmt: skip
def test_pages_of_other_origins_may_not_send(origin, host, fetch_site, is_allowed):
    assert ACCESS.allows_origin(origin, host, fetch_site) is is_allowed


def test_all_origins_can_be_allowed():
    assert Access(origins=frozenset(["*"])).allows_origin("https://evil.org", "localhost", "cross-site")


@pytest.mark.parametrize("host", ["http://example.org", "example.org:80", "example.org/", "a b", "", "*.*"])
def test_a_host_that_never_matches_is_an_error(host):
    with pytest.raises(ServeError, match="Cannot allow the host"):
        make_access(listens_on="localhost", hosts=[host])


@pytest.mark.parametrize(
    "origin", ["example.org", "https://example.org/", "https://Example.org", "https://example.org/a", "", "https://"]
)
def test_an_origin_that_never_matches_is_an_error(origin):
    with pytest.raises(ServeError, match="Cannot allow the origin"):
        make_access(listens_on="localhost", origins=[origin])


@pytest.mark.parametrize(
    ("host", "name"), [("a:1", "a"), ("a", "a"), ("[::1]:80", "::1"), ("::1", "::1"), ("[::1", "::1"), ("", "")]
)
def test_the_port_is_split_off(host, name):
    assert split_port(host) == name


@pytest.fixture(scope="module")
def client(run):
    app = build_app(hs.load(run.folder), access=ACCESS)
    with TestClient(app, base_url="http://localhost") as client:
        yield client


def test_a_wrong_host_gets_a_sentence(client):
    response = client.get("/metadata", headers={"host": "evil.org:8000"})
    assert response.status_code == 403
    assert response.json()["error"] == (
        "The service does not answer as host 'evil.org:8000'. Start it with --allow-host to allow this name."
    )


def test_a_form_of_another_page_is_refused(client, photos):
    files = {"files": photos[0].read_bytes()}
    response = client.post("/predict", files=files, headers={"origin": "https://evil.org"})
    assert response.status_code == 403
    assert "--allow-origin" in response.json()["error"]
    assert "access-control-allow-origin" not in response.headers


def test_an_allowed_page_sends_and_reads(client, photos):
    origin = {"origin": "https://shop.example.org", "sec-fetch-site": "cross-site"}
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type,x-requested-with"}
    preflight = client.options("/predict", headers=origin | asked)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://shop.example.org"
    for path, status in (("/predict", 200), ("/nothing", 404)):
        response = client.post(path, files={"files": photos[0].read_bytes()}, headers=origin)
        assert response.status_code == status
        assert response.headers["access-control-allow-origin"] == "https://shop.example.org"


def test_by_default_no_page_is_allowed(run, photos):
    with TestClient(build_app(hs.load(run.folder)), base_url="http://localhost") as client:
        asked = {"origin": "https://shop.example.org", "access-control-request-method": "POST"}
        assert client.options("/predict", headers=asked).status_code == 405
        looked = client.get("/metadata", headers={"origin": "https://shop.example.org"})
        assert looked.status_code == 200
        assert "access-control-allow-origin" not in looked.headers
