"""The transformer works in scikit-learn, and names photos that it cannot read."""

import hashlib
import io
import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from headstart.errors import BackboneError, PhotoError
from headstart.features.transformer import FeatureExtractor


@pytest.fixture
def photos(make_folder):
    paths = sorted(make_folder(n=10).rglob("*.jpg"))
    return paths, [path.parent.name for path in paths]


def test_paths_become_features(photos):
    features = FeatureExtractor(image_size=96).fit_transform(photos[0])
    assert features.shape == (20, 1280)
    assert features.dtype == np.float32
    assert len(FeatureExtractor().get_feature_names_out()) == 1280


@pytest.mark.slow
def test_the_transformer_works_in_clones_pipelines_and_searches(photos):
    paths, labels = photos
    extractor = clone(FeatureExtractor(image_size=96))
    assert extractor.get_params()["image_size"] == 96
    pipeline = make_pipeline(extractor, StandardScaler(), LogisticRegression())
    assert cross_val_score(pipeline, paths, labels, cv=3).mean() > 0.9
    search = GridSearchCV(
        pipeline, {"logisticregression__C": [0.01, 1], "featureextractor__image_size": [96, 128]}, cv=2
    )
    assert search.fit([str(path) for path in paths], labels).best_score_ > 0.9


def test_all_unreadable_photos_are_named_at_once(photos, tmp_path):
    text = tmp_path / "text.jpg"
    text.write_text("no photo, but a text that is long enough")
    other = tmp_path / "empty.jpg"
    other.write_bytes(b"")
    with pytest.raises(PhotoError, match=r"text\.jpg.*empty\.jpg|empty\.jpg.*text\.jpg"):
        FeatureExtractor(image_size=96).transform([photos[0][0], text, other])
    with pytest.raises(PhotoError, match="missing"):
        FeatureExtractor(image_size=96).transform([tmp_path / "missing.jpg"])


def test_extract_returns_features_and_digests(photos):
    features, digests = FeatureExtractor(image_size=96).extract(photos[0])
    assert digests == [hashlib.sha256(path.read_bytes()).hexdigest() for path in photos[0]]
    assert features.matrix.shape == (20, 1280)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoError, match=r"pipe\.jpg': not a"):
        FeatureExtractor(image_size=96).transform([tmp_path / "pipe.jpg"])


def test_int8_is_refused_with_advice(photos):
    with pytest.raises(BackboneError, match=r"hs\.train\(photos, precision='int8'\)"):
        FeatureExtractor(image_size=96, precision="int8").fit_transform(photos[0])


def test_a_table_of_one_column_counts_as_a_list(photos):
    photos = photos[0]
    table = pd.DataFrame({"photo": photos})
    extractor = FeatureExtractor(image_size=96).fit(table)
    np.testing.assert_array_equal(extractor.transform(table), extractor.transform(photos))
    with pytest.raises(PhotoError, match=r"got a table of shape \(.*, 2\), need a list or column"):
        extractor.transform(pd.DataFrame({"a": photos, "b": photos}))


def test_a_single_path_is_refused_with_advice():
    with pytest.raises(PhotoError, match="need a list"):
        FeatureExtractor().transform("cat.jpg")


def test_pictures_in_memory_get_the_features_of_their_files(tmp_path):
    paths, pictures = [], []
    for n in range(4):
        paths.append(tmp_path / f"{n}.png")
        image = Image.fromarray(np.random.default_rng(n).integers(0, 255, (60, 70, 3), np.uint8))
        image.save(paths[-1])
        pictures.append([image, np.asarray(image), paths[-1].read_bytes(), io.BytesIO(paths[-1].read_bytes())][n])
    extractor = FeatureExtractor(image_size=96)
    expected = extractor.transform(paths)
    np.testing.assert_array_equal(extractor.transform(pictures), expected)
    np.testing.assert_array_equal(extractor.transform([paths[0], *pictures[1:]]), expected)  # mixed
    np.testing.assert_array_equal(
        extractor.transform(np.stack([np.asarray(Image.open(path)) for path in paths])), expected
    )


def test_pictures_that_cannot_be_used_are_named_by_their_number(photos):
    with pytest.raises(PhotoError, match="'picture 1': not a photo: no known signature"):
        FeatureExtractor(image_size=96).transform([photos[0][0], b"nothing"])
    with pytest.raises(PhotoError, match="got the picture alone, need a list"):
        FeatureExtractor(image_size=96).transform(np.zeros((5, 5, 3), np.uint8))
    with pytest.raises(PhotoError, match=r"float64 from 0 to 1.*array \* 255"):
        FeatureExtractor(image_size=96).transform([np.zeros((5, 5, 3))])
