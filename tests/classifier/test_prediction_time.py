"""The time of a prediction is that of one photo."""

from headstart.classifier import prediction_time
from headstart.classifier.classifier import Classifier
from headstart.classifier.prediction_time import measure_ms_per_photo


def test_the_time_is_in_milliseconds_and_of_one_photo(classifier_bytes, monkeypatch):
    classifier, shapes = Classifier.from_bytes(classifier_bytes), []
    predict = classifier.predict_pixels
    monkeypatch.setattr(classifier, "predict_pixels", lambda pixels: shapes.append(pixels.shape) or predict(pixels))

    def time_once(action):
        action()
        return 0.0042

    monkeypatch.setattr(prediction_time, "time_fastest", time_once)
    assert measure_ms_per_photo(classifier) == 4.2
    assert shapes == [(1, 96, 96, 3)] * 2
