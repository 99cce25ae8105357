"""The service gives the answers of the classifier, and a sentence for each error."""

import io
import re
import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import headstart as hs
from headstart.serve.limits import Limits

fastapi = pytest.importorskip("fastapi")
from fastapi.testclient import TestClient  # noqa: E402  only where it is installed

from headstart.serve.app import build_app  # noqa: E402

LIMITS = Limits(max_file_bytes=50_000, max_body_bytes=200_000, max_pixels=1_000_000, max_files=8)


@pytest.fixture(scope="module")
def classifier(run):
    return hs.load(run.folder)


@pytest.fixture(scope="module")
def client(classifier):
    with TestClient(
        build_app(classifier, name="<pets>", limits=LIMITS), raise_server_exceptions=False, base_url="http://localhost"
    ) as client:
        yield client


def send(client, *files):
    return client.post("/predict", files=[("files", file) for file in files])


def test_predictions_equal_those_of_the_classifier_in_order(client, classifier, photos):
    chosen = photos[::7]
    found = send(client, *((path.name, path.read_bytes()) for path in chosen)).json()["predictions"]
    for answer, expected in zip(found, classifier.predict(chosen), strict=True):
        assert answer["file"] == expected.path.name
        assert answer["label"] == expected.label
        assert answer["probabilities"] == pytest.approx(expected.probabilities, abs=1e-6)
        assert list(answer["probabilities"]) == list(expected.probabilities)


def test_a_stranger_is_refused_and_counted_apart(run, photos, stranger):
    classifier = hs.load(run.folder, sets=0.8)
    with TestClient(build_app(classifier), base_url="http://localhost") as client:
        files = [*((path.name, path.read_bytes()) for path in photos[:3]), ("noise.png", stranger.read_bytes())]
        found = send(client, *files).json()["predictions"]
        expected = classifier.predict([*photos[:3], stranger])
        for one, told in zip(expected, found, strict=True):
            assert (told["answer"], told["label"], told["is_known"]) == (one.answer, one.label, one.is_known)
            assert told["novelty"] == pytest.approx(one.novelty, abs=1e-4)
            assert (told["label_set"] and tuple(told["label_set"])) == one.label_set
        assert (found[3]["answer"], found[3]["is_known"]) == ("none of these", False)
        assert found[3]["label"] in classifier.labels
        assert client.post("/explain", files={"file": stranger.read_bytes()}).status_code == 200
        state = client.get("/drift").json()
        assert (state["n_photos"], state["n_refused"], state["is_drifting"]) == (4, 1, False)
        assert state["labels"] == {"dots": 3}
        assert state["mean_novelty"] == pytest.approx(np.mean([one["novelty"] for one in found]))
        told = client.get("/metrics").text
        for line in (
            "headstart_refused_photos_total 1.0", 'headstart_photos_total{label="dots"} 3.0',
            "headstart_novelty_count 4.0", "headstart_recent_refused_share 0.25", "headstart_drift_alarm 0.0",
        ):  # fmt: skip
            assert line in told
        about = client.get("/metadata").json()
        assert (about["refused_share"], about["label_set_level"]) == (0.05, 0.8)
        assert about["label_set_expected"] == classifier.rules.expected
        assert "stranger than 95% of the classifier&#39;s own photos are refused" in client.get("/").text


def test_many_strangers_raise_the_alarm(run, stranger):
    with TestClient(build_app(hs.load(run.folder)), base_url="http://localhost") as client:
        for _ in range(30):
            send(client, ("noise.png", stranger.read_bytes()))
        state = client.get("/drift").json()
        assert state["is_drifting"] is True
        assert state["sentence"].startswith(
            "30 of 30 photos were refused; 2 are expected. These photos are not like the"
        )
        assert "headstart_drift_alarm 1.0" in client.get("/metrics").text


def test_novelties_that_are_no_numbers_reach_no_counter(damaged, photos):
    client = TestClient(build_app(hs.load(damaged)), base_url="http://localhost", raise_server_exceptions=False)
    assert send(client, ("a.jpg", photos[0].read_bytes())).status_code == 500
    assert client.get("/drift").json()["n_photos"] == 0
    told = client.get("/metrics").text
    assert "headstart_novelty_sum 0.0" in told
    assert "headstart_refused_photos_total 0.0" in told


def test_a_classifier_that_cannot_tell_refuses_no_photo(run, photos, stranger, drop_novelty, tmp_path):
    model = drop_novelty(run.folder, tmp_path / "model.onnx")
    with TestClient(build_app(hs.load(model)), base_url="http://localhost") as client:
        (told,) = send(client, ("noise.png", stranger.read_bytes())).json()["predictions"]
        assert (told["answer"], told["is_known"], told["novelty"]) == (told["label"], True, None)
        assert client.get("/metadata").json()["refused_share"] is None
        assert client.get("/drift").json()["is_drifting"] is None
        assert "headstart_recent_novelty NaN" in client.get("/metrics").text
        assert "headstart_drift_alarm NaN" in client.get("/metrics").text
        assert "No photo is refused: the classifier cannot tell" in client.get("/").text


def test_one_bad_photo_among_others_is_named(client, photos):
    response = send(client, ("good.jpg", photos[0].read_bytes()), ("bad.jpg", b"no photo"), ("none.jpg", b""))
    assert response.status_code == 200
    good, bad, none = response.json()["predictions"]
    assert good["error"] is None
    assert (bad["label"], bad["error"]) == (None, "not a photo: no known signature")
    assert none["error"] == "empty file"


def test_a_damaged_photo_has_an_answer_with_a_warning(client, photos):
    data = photos[0].read_bytes()
    middle = len(data) * 2 // 3
    damaged = data[:middle] + bytes(60) + data[middle + 60 :]
    good, bad = send(client, ("good.jpg", data), ("bad.jpg", damaged)).json()["predictions"]
    assert good["warning"] is None
    assert "Corrupt JPEG data" in bad["warning"]
    assert bad["error"] is None


def make_bomb():
    stream = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(stream, "PNG")
    return stream.getvalue()[:49_000]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"), (b"text", "not a photo"), (b"\xff\xd8\xff\xe0" + bytes(100), "cannot be decoded"),
        (make_bomb(), "too many pixels: more than 1,000,000"), (bytes(60_000), "too large: more than 0.05 MB"),
    ],
)  # fmt: skip
def test_a_bad_photo_alone_is_refused_with_a_sentence(client, data, reason):
    response = send(client, ("photo.jpg", data))
    assert response.status_code == 422
    assert re.fullmatch(r"No photo can be read, such as 'photo\.jpg': .*\.", response.json()["error"])
    assert reason in response.json()["error"]


def test_a_truncated_photo_is_refused(client, photos):
    assert send(client, ("cut.jpg", photos[0].read_bytes()[:500])).status_code == 422


def test_too_many_files_or_bytes_are_refused(client, photos):
    too_many = send(client, *[("photo.jpg", photos[0].read_bytes())] * 9)
    assert (too_many.status_code, too_many.json()["error"]) == (413, "Got 9 files, need at most 8 in a request.")
    too_large = send(client, ("photo.jpg", bytes(250_000)))
    assert (too_large.status_code, too_large.json()["error"]) == (413, "The request is too large, need at most 0.2 MB.")
    claimed = client.post("/predict", content=b"x", headers={"content-length": "99999999999"})
    assert claimed.status_code == 413


def test_a_body_without_content_length_is_limited(client):
    response = client.post(
        "/predict", content=(bytes(1000) for _ in range(500)),
        headers={"content-type": "multipart/form-data; boundary=x"},
    )  # fmt: skip
    assert response.status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("get", "/nothing", 404), ("get", "/predict", 405), ("post", "/predict", 422), ("delete", "/health", 405)],
)
def test_other_requests_get_a_sentence(client, method, path, status):
    response = client.request(method, path)
    assert response.status_code == status
    assert response.json()["error"].endswith(".")


def test_fields_of_other_names_are_refused(client, photos):
    response = client.post("/predict", files={"photo": photos[0].read_bytes()})
    assert response.status_code == 422
    assert "in fields named 'files'" in response.json()["error"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=400),
    kind=st.sampled_from(
        ["multipart/form-data", "multipart/form-data; boundary=x", "application/json", "text/plain", "", "ß"]
    ),
)
def test_random_bodies_cause_no_failure(client, body, kind):
    response = client.post("/predict", content=body, headers={"content-type": kind.encode()})
    assert 400 <= response.status_code < 500
    assert response.json()["error"]


def test_explain_returns_a_picture(client, photos):
    response = client.post("/explain", files={"file": ("photo.jpg", photos[0].read_bytes())})
    assert response.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(response.content)) as picture:
        assert picture.size == (80, 60)
    bad = client.post("/explain", files={"file": ("photo.jpg", b"no photo")})
    assert (bad.status_code, bad.json()["error"]) == (422, "The photo cannot be read: not a photo: no known signature.")


def test_health_metadata_and_metrics_are_answered(client, photos):
    assert client.get("/health").json() == {"status": "ok"}
    about = client.get("/metadata").json()
    assert (about["name"], about["labels"], about["image_size"]) == ("<pets>", ["dots", "stripes"], 96)
    send(client, ("photo.jpg", photos[0].read_bytes()))
    told = client.get("/metrics").text
    assert 'headstart_requests_total{path="/predict",status="200"}' in told
    assert "headstart_batch_photos_bucket" in told
    assert "/predict" in client.get("/openapi.json").json()["paths"]


def test_the_page_escapes_names(client):
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "<pets>" not in page.text
    assert "&lt;pets&gt;" in page.text


def test_requests_at_the_same_time_get_their_own_answers(client, classifier, photos):
    expected = {path: answer.label for path, answer in zip(photos, classifier.predict(photos), strict=True)}
    found = {}

    def ask(path):
        found[path] = send(client, (path.name, path.read_bytes())).json()["predictions"][0]["label"]

    threads = [threading.Thread(target=ask, args=[path]) for path in photos]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


def test_a_slow_answer_is_refused(classifier, photos):
    app = build_app(classifier, limits=Limits(timeout_s=1e-6))
    with TestClient(app, raise_server_exceptions=False, base_url="http://localhost") as client:
        response = send(client, ("photo.jpg", photos[0].read_bytes()))
    assert response.status_code == 408
    assert "Send fewer photos at a time" in response.json()["error"]


def test_exif_rotation_is_applied(client, photos, tmp_path):
    with Image.open(photos[0]) as image:
        exif = image.getexif()
        exif[0x0112] = 3
        image.rotate(180).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    both = send(client, ("a.jpg", photos[0].read_bytes()), ("b.jpg", (tmp_path / "turned.jpg").read_bytes())).json()
    one, other = (np.array(list(answer["probabilities"].values())) for answer in both["predictions"])
    assert np.abs(one - other).max() < 0.05


@pytest.fixture
def hang(monkeypatch):
    """Make photos that begin with 'slow' hang in the decoder, and return a semaphore that counts them."""
    import headstart.serve.app as module

    begun, may_end, decode = threading.Semaphore(0), threading.Event(), module.decode_photo

    def decode_or_hang(data, *arguments, **options):
        if data.startswith(b"slow"):
            begun.release()
            may_end.wait(60)
        return decode(data, *arguments, **options)

    monkeypatch.setattr(module, "decode_photo", decode_or_hang)
    yield begun
    may_end.set()


@pytest.mark.slow
@pytest.mark.parametrize("n_photos", [1, 30])
def test_photos_that_hang_delay_neither_others_nor_the_end(classifier, photos, hang, n_photos):
    answers, good = [], ("a.jpg", photos[0].read_bytes())
    app = build_app(classifier, limits=Limits(timeout_s=6))
    with TestClient(app, raise_server_exceptions=False, base_url="http://localhost") as client:
        bad = [("slow.jpg", b"slow")] * n_photos
        threads = [threading.Thread(target=lambda: answers.append(send(client, *bad))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for _ in range(2 * min(n_photos, 4)):
            assert hang.acquire(timeout=30)
        assert client.get("/health").status_code == 200
        for _ in range(3):
            assert send(client, good).status_code == 200
        for thread in threads:
            thread.join()
        assert [answer.status_code for answer in answers] == [408, 408]
        assert answers[0].json() == {"error": "The answer takes longer than 6 s. Send fewer photos at a time."}
    # the service has ended, though its decoders still hang


@pytest.mark.parametrize("is_announced", [True, False])
def test_more_bytes_than_the_service_can_hold_are_refused_for_now(classifier, is_announced):
    app = build_app(classifier, limits=Limits(max_bytes_in_flight=30_000))
    with TestClient(app, raise_server_exceptions=False, base_url="http://localhost") as client:
        content = bytes(50_000) if is_announced else (bytes(1000) for _ in range(50))
        for kind in ("image/jpeg", "multipart/form-data; boundary=x"):
            response = client.post("/predict", content=content, headers={"content-type": kind})
            assert (response.status_code, response.headers["retry-after"]) == (503, "5")
            assert response.json()["error"].startswith("The service receives too many bytes at the moment.")
            content = bytes(50_000) if is_announced else (bytes(1000) for _ in range(50))
        assert client.post("/predict", content=b"text", headers={"content-type": "image/jpeg"}).status_code == 422


def test_photos_of_one_request_are_all_answered_though_they_take_turns(client, photos):
    response = send(client, *[("a.jpg", photos[0].read_bytes())] * 8)
    assert [one["label"] for one in response.json()["predictions"]] == ["dots"] * 8


def test_the_two_decodings_of_an_explanation_share_the_time_of_one(client, photos, monkeypatch):
    import headstart.serve.app as module

    seconds = []

    def note(decode):
        def decode_noted(data, size_px, *, limits, depth):
            seconds.append(limits.timeout_s)
            return decode(data, size_px, limits=limits, depth=depth)

        return decode_noted

    for name in ("decode_photo", "decode_thumbnail"):
        monkeypatch.setattr(module, name, note(getattr(module, name)))
    assert client.post("/explain", files={"file": photos[0].read_bytes()}).status_code == 200
    assert len(seconds) == 2
    assert sum(seconds) <= LIMITS.decoding.timeout_s
