"""A classifier file that was checked before is read from the cache, with the same contents."""

import numpy as np

from headstart.classifier import file
from headstart.classifier.file import parse_classifier


def test_the_second_reading_parses_no_graph(classifier_bytes, monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    first = parse_classifier(classifier_bytes)
    monkeypatch.delattr(file, "_read_graph")
    second = parse_classifier(classifier_bytes)
    assert second.metadata == first.metadata
    np.testing.assert_array_equal(second.weights, first.weights)
    np.testing.assert_array_equal(second.bias, first.bias)
