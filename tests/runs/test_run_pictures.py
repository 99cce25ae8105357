"""The pictures of a run: photos, titles, captions and files."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from headstart.catalog.photo import Photo
from headstart.catalog.scan import scan_photos
from headstart.classifier.heat_maps import Explanation
from headstart.errors import RunError
from headstart.methods.feature_table import SplitFeatures
from headstart.methods.settings import Settings
from headstart.methods.split_metrics import SplitPredictions
from headstart.pixels.views import AS_IT_IS, SYMMETRIES, View
from headstart.report.figure_style import ACCENT, DARK
from headstart.runs import run_pictures
from headstart.runs.run_pictures import PictureFolder, draw_answers, draw_training_photos, list_training_views


@pytest.fixture
def folder(tmp_path):
    with ThreadPoolExecutor(2) as pool:
        yield PictureFolder(tmp_path / "figures", pool)


@pytest.fixture
def grids(monkeypatch):
    """Keep the photos, titles and colours that the grid is given."""
    kept = []

    def plot(photos, titles, colours=None):
        kept.append((photos, titles, colours))
        return Image.new("RGB", (30, 20))

    monkeypatch.setattr(run_pictures, "plot_photo_grid", plot)
    return kept


def make_photos(folder, n):
    for number in range(n):
        Image.new("RGB", (60, 30), (10 * number, 0, 0)).save(folder / f"{number}.png")
    return tuple(
        Photo(str(folder / f"{n}.png"), "cats" if n % 2 else "dogs", digest=f"{n:064x}", split="test") for n in range(n)
    )


def make_predictions(photos, confidence, is_right):
    y = np.array([photo.label == "dogs" for photo in photos], np.int64)
    predicted = np.where(is_right, y, 1 - y)
    probabilities = np.where(np.arange(2) == predicted[:, None], confidence[:, None], 1 - confidence[:, None])
    X = np.zeros((len(photos), 1), np.float32)
    return SplitPredictions(SplitFeatures(photos, X, y, X[None]), probabilities.astype(np.float32))


def test_added_pictures_are_written_and_collected_in_order(folder, tmp_path):
    for number, name in enumerate(("predictions", "history", "views")):
        folder.add(name, Image.new("RGB", (30 + number, 20)), f"The {name}.")
    figures = folder.collect()
    assert list(figures) == ["predictions", "history", "views"]
    for number, (name, figured) in enumerate(figures.items()):
        assert figured.caption == f"The {name}."
        assert figured.image.width == 30 + number
        with Image.open(tmp_path / "figures" / f"{name}.png") as image:
            assert image.size == (30 + number, 20)


def test_a_picture_that_cannot_be_written_is_an_error_on_collecting(folder, tmp_path):
    (tmp_path / "figures" / "history.png").mkdir()
    folder.add("history", Image.new("RGB", (30, 20)), "")
    with pytest.raises(RunError, match=r"Cannot write figure '.*history\.png'"):
        folder.collect()


def test_titles_name_the_prediction_and_mistakes_are_red(folder, grids, tmp_path):
    photos = make_photos(tmp_path, 4)
    predictions = make_predictions(photos, np.array([0.9, 0.8, 0.7, 0.95]), np.array([True, False, True, False]))
    draw_answers(folder, predictions, split="test", labels=["cats", "dogs"], seed=0)
    (_, titles, colours), (_, worst, reds) = grids
    assert sorted(zip(titles, colours, strict=True)) == sorted(
        [("Prediction: dogs (True)", DARK)] * 2 + [("Prediction: dogs (False)", ACCENT)] * 2
    )
    assert worst == ["Prediction: dogs 95%\nLabel: cats", "Prediction: dogs 80%\nLabel: cats"]
    assert reds == [ACCENT] * 2
    assert "In this order: cats/3.png, cats/1.png." in folder.collect()["mistakes"].caption


class Explained:
    """Returns a heat map of the left half for every answer."""

    can_explain = True

    def __init__(self):
        self.asked = []

    def explain(self, path, label, *, digest):
        self.asked.append((path.name, label, digest))
        return Explanation(label, np.array([[1, 0]], np.float32))


def test_mistakes_are_shown_with_their_heat_maps(folder, grids, tmp_path):
    photos = make_photos(tmp_path, 4)
    predictions = make_predictions(photos, np.array([0.9, 0.8, 0.7, 0.95]), np.array([True, False, True, False]))
    explained = Explained()
    draw_answers(folder, predictions, split="test", labels=["cats", "dogs"], seed=0, explainer=explained)
    assert list(folder.collect()) == ["predictions", "mistakes", "mistakes_explained"]
    assert explained.asked == [(photos[i].path.name, "dogs", photos[i].digest) for i in (3, 1)]
    shown, titles, _ = grids[2]
    assert titles == ["For dogs"] * 2
    before = grids[1][0][0]
    assert (shown[0][:, 0] != before[:, 0]).any()


def test_there_are_no_heat_maps_for_features_that_are_not_means(folder, grids, tmp_path):
    explained = Explained()
    explained.can_explain = False
    predictions = make_predictions(make_photos(tmp_path, 2), np.array([0.9, 0.8]), np.array([True, False]))
    draw_answers(folder, predictions, split="test", labels=["cats", "dogs"], seed=0, explainer=explained)
    figures = folder.collect()
    assert list(figures) == ["predictions", "mistakes"]
    assert "There are no heat maps" in figures["mistakes"].caption


def test_there_is_no_picture_of_mistakes_without_mistakes(folder, grids, tmp_path):
    predictions = make_predictions(make_photos(tmp_path, 2), np.array([0.9, 0.8]), np.array([True, True]))
    draw_answers(folder, predictions, split="test", labels=["cats", "dogs"], seed=0)
    assert list(folder.collect()) == ["predictions"]


def test_a_missing_photo_is_shown_as_a_grey_square(folder, grids, tmp_path):
    photos = make_photos(tmp_path, 2)
    for photo in photos:
        photo.path.unlink()
    draw_training_photos(folder, photos, seed=0, n_views=3)
    (shown, titles, _), (views, names, _) = grids
    assert {tuple(np.unique(photo)) for photo in [*shown, *views]} == {(230,)}
    assert set(titles) == {"cats", "dogs"}
    assert names[0] == "original"
    assert "This training used 3 views of each photo." in folder.collect()["views"].caption


def draw_views(folder, grids, photos, **options):
    draw_training_photos(folder, photos, seed=0, **options)
    shown, titles, _ = grids[-1]
    return shown, titles, folder.collect()["views"].caption


def test_fixed_views_are_shown_as_they_were_used(folder, grids, tmp_path):
    photos = make_photos(tmp_path, 1)
    shown, titles, caption = draw_views(folder, grids, photos, n_views=4, views=SYMMETRIES[:4])
    assert titles == ["original", "flipped", "+180°", "flipped, +180°"]
    assert len(shown) == 4
    assert "in the 4 views that this training used, all of every photo" in caption
    _, _, caption = draw_views(folder, grids, photos, n_views=2, views=SYMMETRIES[:4])
    assert "in the 4 views that this training used, 2 of them of each photo" in caption
    many = tuple(View(turns=0.01 * number) for number in range(20))
    shown, _, caption = draw_views(folder, grids, photos, n_views=20, views=many)
    assert len(shown) == 9
    assert "the first 9" in caption
    _, titles, caption = draw_views(folder, grids, photos, n_views=1, views=[AS_IT_IS])
    assert titles == ["original"]
    assert "no other view" in caption


@pytest.mark.parametrize("n_symmetric", [1, 4])
def test_random_augmentation_in_every_epoch_is_shown_by_examples(folder, grids, tmp_path, n_symmetric):
    y, x = np.mgrid[:40, :40]
    Image.fromarray(np.stack([6 * y, 6 * x, 0 * x], axis=-1).astype(np.uint8)).save(tmp_path / "ramp.png")
    photos = (Photo(str(tmp_path / "ramp.png"), "ramps", digest="ab", split="train"),)
    shown, titles, caption = draw_views(folder, grids, photos, n_views=1, views=(), n_symmetric=n_symmetric)
    assert titles[0] == "original"
    assert len({photo.tobytes() for photo in shown}) == 9
    assert all(photo.dtype == np.uint8 for photo in shown)
    assert "Every epoch augmented every photo anew" in caption
    half = shown[0].shape[0] // 2
    is_upside_down = [int(photo[half:, :, 0].mean()) < photo[:half, :, 0].mean() for photo in shown]
    assert any(is_upside_down) == (n_symmetric == 4)


@pytest.mark.parametrize(
    ("settings", "views"),
    [
        ({"method": "fixed", "n_views": 3}, None),
        ({"method": "fixed", "average_views": True, "n_views": 2}, SYMMETRIES[:2]),
        ({"method": "hybrid"}, SYMMETRIES[:2]),
        ({"method": "hybrid", "average_views": True}, SYMMETRIES[:4]),
        ({"method": "finetune"}, ()),
    ],
)
def test_listed_views_are_those_of_the_training(paint_folder, tmp_path, make_runner, settings, views):
    catalog = scan_photos(paint_folder(tmp_path / "photos", n=4))
    chosen = Settings(image_size=96, **settings | ({} if settings["method"] == "fixed" else {"epochs": 1}))
    assert list_training_views(make_runner(catalog).run(chosen)) == views


def test_random_views_above_a_cut_are_the_same_for_every_photo(paint_folder, tmp_path, make_runner):
    catalog = scan_photos(paint_folder(tmp_path / "photos", n=4))
    chosen = Settings(image_size=96, method="hybrid", n_views=3, epochs=1)
    views = list_training_views(make_runner(catalog).run(chosen))
    assert len(views) == 3
    assert views[0] == AS_IT_IS
    assert set(views[1:]).isdisjoint(SYMMETRIES)
