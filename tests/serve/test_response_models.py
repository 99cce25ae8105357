"""Answers match their models exactly."""

import pytest

import headstart as hs

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from headstart.classifier.decision import Decision
from headstart.serve import response_models
from headstart.serve.app import build_app


@pytest.fixture(scope="module")
def client(run):
    with TestClient(build_app(hs.load(run.folder)), base_url="http://localhost") as client:
        yield client


def read(model, response):
    told = model.model_validate(response.json(), strict=True, extra="forbid")
    assert told.model_dump() == response.json()
    return told


def test_a_photo_has_a_prediction_or_an_error(client, photos):
    files = [("files", ("good.jpg", photos[0].read_bytes())), ("files", ("bad.jpg", b"no photo"))]
    good, bad = read(response_models.Predictions, client.post("/predict", files=files)).predictions
    assert good.label == next(iter(good.probabilities))
    assert good.probability == max(good.probabilities.values())
    assert sum(good.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert good.error is None
    assert (bad.label, bad.probability, bad.probabilities) == (None, None, {})
    assert (good.is_known, bad.is_known) == (True, None)
    assert bad.error


def test_other_answers_match_their_models(client, run):
    about = read(response_models.ServiceInfo, client.get("/metadata"))
    assert tuple(about.labels) == hs.load(run.folder).labels
    assert read(response_models.Drift, client.get("/drift")).sentence
    assert read(response_models.Health, client.get("/health")).status == "ok"
    assert read(response_models.ErrorMessage, client.get("/none")).error


def test_answers_follow_the_decision_of_the_classifier(run, photos, set_decision, tmp_path):
    rule = Decision(label="stripes", threshold=0.0)
    model = set_decision(run.folder, tmp_path / "model.onnx", rule)
    photo = next(path for path in photos if path.parent.name == "dots")
    with TestClient(build_app(hs.load(model)), base_url="http://localhost") as client:
        answer = client.post("/predict", files=[("file", ("a.jpg", photo.read_bytes()))])
        (found,) = read(response_models.Predictions, answer).predictions
        assert (found.label, list(found.probabilities)) == ("stripes", ["stripes", "dots"])
        assert found.probability == found.probabilities["stripes"] < found.probabilities["dots"]
        assert found.decided_by == "by the working point of 'stripes': at least 0.0%"
        assert read(response_models.ServiceInfo, client.get("/metadata")).decision == rule.describe()
        assert "The answer is &#39;stripes&#39; if its probability is at least" in client.get("/").text
