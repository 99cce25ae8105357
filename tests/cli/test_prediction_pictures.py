"""The pictures of ``headstart predict``."""

from dataclasses import replace
from pathlib import Path

from headstart.classifier.prediction import Prediction
from headstart.cli.prediction_pictures import write_title


def test_a_star_marks_the_answer_of_a_decision_in_a_picture():
    prediction = Prediction(Path("a.jpg"), "stripes", 0.034, {}, decided_by="by the costs of mistakes")
    assert write_title(prediction, "a.jpg") == "stripes 3%*\na.jpg"
    assert write_title(replace(prediction, decided_by=None), "a.jpg") == "stripes 3%\na.jpg"


def test_the_title_of_a_refused_photo_is_none_of_these():
    prediction = Prediction(Path("a.jpg"), "cats", 0.999, {}, novelty=0.002, is_known=False)
    assert write_title(prediction, "a.jpg") == "none of these (cats 100%)\na.jpg"


def test_the_title_has_the_label_set_of_several_labels():
    prediction = Prediction(Path("a.jpg"), "cats", 0.61, {}, label_set=("cats", "dogs"))
    assert write_title(prediction, "a.jpg") == "cats or dogs\na.jpg"
    assert write_title(replace(prediction, label_set=("cats",)), "a.jpg") == "cats 61%\na.jpg"
