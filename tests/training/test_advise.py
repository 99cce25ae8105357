"""Advice is measured, and says on what it rests."""

import json

import pytest

from headstart.errors import HeadstartError
from headstart.training.advise import advise_method


def test_advice_on_painted_photos(make_folder):
    said = []
    advice = advise_method(make_folder(n=20), image_size=96, verbose=False, say=said.append)
    record = json.loads(json.dumps(advice.to_dict()))
    assert record["quadrant"] == "small and dissimilar"
    assert record["n_photos"] == sum(record["n_per_class"].values()) == 28
    assert list(record["methods"]) == ["fixed", "hybrid", "finetune", "scratch"]
    for expected in record["methods"].values():
        low, high = expected["interval"]
        assert 0 <= low <= expected["expected_accuracy"] <= high <= 1
        assert expected["expected_seconds"] > 0
    assert [row["n"] for row in record["evidence"]["learning_curve"]] == [7, 14, 28]
    assert said


def test_too_few_photos_are_an_error(make_folder):
    with pytest.raises(HeadstartError, match="Cannot"):
        advise_method(make_folder(n=1), image_size=96, verbose=False)


@pytest.mark.parametrize(("name", "kind"), [("ants-bees", "similar"), ("coffee-leaf", "dissimilar")])
def test_advice_on_real_photos(shared_data, name, kind):
    advice = advise_method(shared_data / name, image_size=160, verbose=False)
    assert advice.quadrant == f"small and {kind}"
    assert advice.method == ("fixed" if kind == "similar" else "hybrid")
