"""A training takes stored features, and says if it cannot."""

import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.methods.training_context import TrainingContext
from headstart.training.embed import embed_photos
from headstart.training.preparation import load_catalog
from headstart.training.train import train_classifier

pytest.importorskip("pyarrow")
OPTIONS = {"image_size": 96, "precision": "f32", "verbose": False}


def load(photos, said, image_size=96):
    context = TrainingContext(BackboneSetup(load_backbone(), image_size, "f32"))
    return load_catalog(photos, context, seed=0, say=said.append)


def test_a_folder_of_photos_is_scanned(make_folder):
    folder = make_folder(n=3)
    assert load(folder, []) == (scan_photos(folder), None)
    catalog = scan_photos(folder)
    assert load(catalog, [])[0] is catalog


def test_an_embedding_folder_gives_its_stored_features(make_folder, tmp_path):
    folder, said = make_folder(n=3), []
    embed_photos(folder, tmp_path / "features.parquet", **OPTIONS)
    catalog, embedded = load(tmp_path / "features.parquet", said)
    assert {photo.digest for photo in catalog.photos} == {photo.digest for photo in scan_photos(folder).photos}
    assert embedded is not None
    assert said == []
    load(tmp_path / "features.parquet", said, 128)
    assert said[0].endswith("are of another network, image size or depth: they are computed anew.")


def test_training_on_stored_features_gives_the_metrics_of_the_photos(make_folder, tmp_path):
    folder = make_folder(n=20)
    embed_photos(folder, tmp_path / "features.parquet", **OPTIONS)
    plain, embedded = (
        train_classifier(source, out=tmp_path / name, method="fixed", cache=False, **OPTIONS).metrics
        for source, name in ((folder, "plain"), (tmp_path / "features.parquet", "embedded"))
    )
    assert [embedded[split] for split in ("train", "validation", "test")] == [
        plain[split] for split in ("train", "validation", "test")
    ]
    assert (plain["n_extracted"], embedded["n_extracted"]) == (40, 0)
