"""Photos with 12 bits in files of 16: a note without the depth; with it, the answers of the same photos in 8 bits."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import headstart as hs
from headstart.classifier.classifier import load_classifier
from headstart.errors import ExportError
from headstart.exports.export import export_classifier
from headstart.training.embed import embed_photos


def write_twins(source: Path, eight: Path, twelve: Path) -> None:
    """Write grey photos in 8 bits, and with 12 bits in files of 16."""
    for path in sorted(source.rglob("*.jpg")):
        grey = np.asarray(Image.open(path).convert("L"), np.uint32)
        for folder, image in ((eight, grey.astype(np.uint8)), (twelve, (grey * 4095 // 255).astype(np.uint16))):
            target = (folder / path.relative_to(source)).with_suffix(".png")
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(target)


@pytest.fixture(scope="module")
def folders(tmp_path_factory, paint_folder):
    base = tmp_path_factory.mktemp("depth")
    write_twins(paint_folder(base / "photos", n=14), base / "eight", base / "twelve")
    return base


@pytest.fixture(scope="module")
def run(folders):
    return hs.train(
        folders / "twelve", out=folders / "run", image_size=96, method="fixed", depth=12, precision="f32", verbose=False
    )


@pytest.mark.slow
def test_a_classifier_keeps_its_depth_and_answers_as_for_8_bits(run, folders):
    assert run.metrics["depth"] == 12
    assert "depth" not in [note.code for note in run.notes]
    model = load_classifier(run.folder, precision="f32")
    assert model.metadata.depth == 12
    deep, plain = ([str(path) for path in sorted((folders / name).rglob("*.png"))] for name in ("twelve", "eight"))
    for n in (2, len(deep)):  # the engines for few photos and for many
        gap = model.predict_probabilities(deep[:n]) - model.predict_probabilities(plain[:n])
        assert np.abs(gap).max() < 0.02
    answer = model.predict(deep[0])
    for picture in (Path(deep[0]).read_bytes(), Image.open(deep[0])):
        assert model.predict(picture).probabilities == pytest.approx(answer.probabilities, abs=1e-6)
    heat = [model.explain(path, "dots").heat for path in (deep[0], plain[0])]
    np.testing.assert_allclose(heat[0], heat[1], atol=0.1 * np.abs(heat[1]).max())


@pytest.mark.slow
def test_the_service_reads_photos_at_the_depth(run, folders):
    testclient = pytest.importorskip("fastapi.testclient")
    from headstart.serve.app import build_app

    model = load_classifier(run.folder, precision="f32")
    path = min((folders / "twelve").rglob("*.png"))
    with testclient.TestClient(build_app(model, name="run"), base_url="http://localhost") as client:
        (answer,) = client.post("/predict", files={"file": path.read_bytes()}).json()["predictions"]
        assert answer["probabilities"] == pytest.approx(model.predict(path).probabilities, abs=1e-6)
        picture = client.post("/explain", files={"file": path.read_bytes()})
    assert np.asarray(Image.open(io.BytesIO(picture.content))).mean() > 50


@pytest.mark.slow
def test_without_the_depth_a_note_names_it(folders):
    run = hs.train(folders / "twelve", out=folders / "dark", image_size=96, method="fixed", verbose=False)
    (note,) = [note for note in run.notes if note.code == "depth"]
    assert "--depth 12" in note.text
    assert json.loads((run.folder / "notes.json").read_text())
    report = hs.evaluate(run.model, folders / "twelve", verbose=False, split="all")
    assert "depth" in [record["code"] for record in report["note_records"]]


@pytest.mark.slow
def test_features_are_of_one_depth(folders):
    dark, bright = (hs.FeatureExtractor(image_size=96, depth=depth) for depth in (16, 12))
    paths = [str(path) for path in sorted((folders / "twelve").rglob("*.png"))[:3]]
    plain = [str(path) for path in sorted((folders / "eight").rglob("*.png"))[:3]]
    for _ in range(2):  # the second time, from the cache
        assert np.abs(dark.transform(paths) - dark.transform(plain)).mean() > 0.1
        assert np.abs(bright.transform(paths) - dark.transform(plain)).mean() < 0.05
    np.testing.assert_allclose(
        bright.transform([Image.open(path) for path in paths]), bright.transform(paths), atol=1e-5
    )


@pytest.mark.slow
def test_stored_features_of_another_depth_are_not_used(folders):
    written = embed_photos(folders / "twelve", folders / "features", image_size=96, depth=12, verbose=False)
    for depth, n_computed in ((12, 0), (16, written.n_photos)):
        run = hs.train(
            written.folder, out=folders / f"stored-{depth}", image_size=96, method="fixed", depth=depth, cache=False,
            verbose=False,
        )  # fmt: skip
        assert run.metrics["n_extracted"] == n_computed
        assert ("depth" in [note.code for note in run.notes]) == (depth == 16)


@pytest.mark.slow
def test_a_page_cannot_keep_the_depth(run, folders):
    with pytest.raises(ExportError, match="a browser shows them at 16, nearly black"):
        export_classifier(run.folder, "html", out=folders / "a.html", verbose=False)


@pytest.mark.slow
def test_an_estimator_keeps_its_depth(folders):
    paths = [str(path) for path in sorted((folders / "twelve").rglob("*.png"))]
    fitted = hs.ImageClassifier(image_size=96, depth=12).fit(paths, [Path(path).parent.name for path in paths])
    assert fitted.to_classifier().metadata.depth == 12
    fitted.depth = 16  # a parameter that is changed later has no effect
    np.testing.assert_allclose(
        fitted.predict_proba(paths[:6]), fitted.to_classifier().predict_probabilities(paths[:6]), atol=0.02
    )
