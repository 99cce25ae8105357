"""Pictures of strangers, of the strangest own photos, and of photos with label sets."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from headstart.runs.novelty_pictures import draw_label_sets, draw_novelty
from headstart.runs.run_pictures import PictureFolder


def draw(folder, function, record):
    with ThreadPoolExecutor(1) as pool:
        pictures = PictureFolder(folder / "figures", pool)
        function(pictures, record, 16)
        return pictures.collect()


def make_kind(kind, n_refused=2):
    return {"kind": kind, "n": 2, "n_refused": n_refused, "least_strange": {"number": 1, "novelty": 0.004}}


def test_a_stranger_of_each_kind_and_the_strangest_photos_are_drawn(make_folder, tmp_path):
    photo = str(make_folder(n=1) / "dots" / "000.jpg")
    strangest = [{"path": photo, "label": "dots", "split": "test", "novelty": novelty} for novelty in (0.01, 0.4)]
    kinds = [make_kind("white"), make_kind("clouds", n_refused=0)]
    record = {"refuse": 0.01, "strangest": strangest, "strangers": {"kinds": kinds}}
    figures = draw(tmp_path, draw_novelty, record)
    assert list(figures) == ["strangers", "strangest_photos"]
    assert "The red ones are refused" in figures["strangest_photos"].caption
    assert figures["strangest_photos"].caption.endswith("In this order: dots/000.jpg, dots/000.jpg.")


def test_a_classifier_that_refuses_nothing_has_no_pictures(tmp_path):
    assert draw(tmp_path, draw_novelty, {"refuse": None, "strangest": [], "strangers": None}) == {}


@pytest.mark.parametrize("labels", [["a", "b"], list("abcdefgh")])
def test_photos_with_several_labels_are_drawn(tmp_path, labels):
    record = {"examples": [{"level": 0.95, "path": str(tmp_path / "gone.jpg"), "label": "b", "set": labels}]}
    figures = draw(tmp_path, draw_label_sets, record)
    assert figures["label_sets"].caption == "Photos with several labels at 95%. In this order: b/gone.jpg."


@pytest.mark.parametrize("record", [None, {"examples": []}])
def test_without_examples_there_is_no_picture_of_label_sets(tmp_path, record):
    assert draw(tmp_path, draw_label_sets, record) == {}
