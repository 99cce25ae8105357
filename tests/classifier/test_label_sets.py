"""Label sets: the level is kept on average, and what cannot be promised is refused."""

import json

import numpy as np
import pytest

from headstart.classifier.label_sets import (
    LEVELS,
    LabelSets,
    calibrate_label_sets,
    count_held_out,
    find_label_set,
    say_single_labels,
)
from headstart.errors import ClassifierError


def draw_photos(n, seed, n_classes=5, sharpness=1.2):
    """Return labels and overconfident probabilities of photos, of which about 60% are right."""
    generator = np.random.default_rng(seed)
    y = generator.integers(0, n_classes, n)
    scores = generator.normal(size=(n, n_classes)) + sharpness * np.eye(n_classes)[y]
    rows = np.exp(2 * scores)
    return y, (rows / rows.sum(1, keepdims=True)).astype(np.float32)


def calibrate(y, rows, units=None):
    return calibrate_label_sets(rows.argmax(1) == y, rows[np.arange(len(y)), y], units)


def measure_coverage(sets, level, y, rows):
    is_in = rows >= sets.find_threshold(level)
    is_in[np.arange(len(y)), rows.argmax(1)] = True
    return is_in[np.arange(len(y)), y].mean(), is_in.sum(1).mean()


@pytest.mark.parametrize("n", [20, 40, 300])
@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_the_right_label_is_in_the_share_that_was_asked_for_of_the_sets(n, level):
    found = [measure_coverage(calibrate(*draw_photos(n, k)), level, *draw_photos(400, 1000 + k)) for k in range(200)]
    coverage = np.mean([one for one, _ in found])
    noise = np.sqrt(level * (1 - level) * (1 / n + 1 / 400) / 200)
    assert level - 4 * noise <= coverage <= level + 2 / (n + 1) + 4 * noise
    assert 1 < np.mean([size for _, size in found]) < 5


def test_sets_have_one_label_if_the_most_probable_one_is_right_often_enough():
    y, rows = draw_photos(400, 0, sharpness=4)
    sets = calibrate(y, rows)
    assert sets.find_threshold(0.8) == 1.0
    assert sets.expect(0.8) == pytest.approx(sets.top_share) == pytest.approx((rows.argmax(1) == y).mean())
    assert 0.95 < sets.top_share < 0.999
    assert sets.expect(0.999) == 0.999


def test_as_many_mistakes_as_a_level_allows_do_not_promise_it_for_the_most_probable_label_alone():
    rows = np.tile([0.6, 0.3, 0.1], (9, 1))
    one_wrong = calibrate(np.array([1] + [0] * 8), rows)
    assert one_wrong.find_threshold(0.9) == pytest.approx(0.3)  # the next photo may be wrong, too
    assert one_wrong.find_threshold(0.8) == 1.0
    assert calibrate(np.zeros(9, np.int64), rows).find_threshold(0.9) == 1.0


def test_a_higher_level_gives_larger_sets():
    sets = calibrate(*draw_photos(500, 0))
    thresholds = [sets.find_threshold(level) for level in (0.7, 0.8, 0.9, 0.95, 0.99)]
    assert thresholds == sorted(thresholds, reverse=True)
    assert thresholds[0] > thresholds[-1]


def test_photos_of_one_group_count_as_one():
    y, rows = draw_photos(30, 0)
    copies = [np.repeat(one, 4, axis=0) for one in (y, rows)]
    sets = calibrate(*copies, [str(n // 4) for n in range(120)])
    alone = calibrate(y, rows)
    assert sets.n_units == alone.n_units == 30
    assert sets.top_share == pytest.approx(alone.top_share)
    for level in (0.7, 0.8, 0.9, 0.95):
        assert sets.find_threshold(level) == pytest.approx(alone.find_threshold(level), rel=0.5)


def test_a_level_that_the_photos_do_not_support_names_the_number_that_would():
    sets = calibrate(*draw_photos(74, 0))
    assert [level for level in LEVELS if not sets.supports(level)] == [0.99]
    text = (
        r"the right label in 99% of the sets: this needs 99 held-out photos, and there were 74. Ask for 98.6% or less"
    )
    with pytest.raises(ClassifierError, match=text):
        sets.find_threshold(0.99)
    assert 0 <= sets.find_threshold(0.986) <= 1


@pytest.mark.parametrize("level", [0, 1, 1.5, -0.1, True, "90%", None, float("nan")])
def test_what_is_no_level_is_refused(level):
    with pytest.raises(ClassifierError, match="need a share above 0 and below 1"):
        calibrate(*draw_photos(50, 0)).find_threshold(level)


def test_without_photos_there_are_no_label_sets():
    assert calibrate_label_sets(np.empty(0, bool), np.empty(0)) is None


@pytest.mark.parametrize("n", [1, 12, 3000])
def test_a_record_gives_the_same_sets(n):
    sets = calibrate(*draw_photos(n, 0))
    assert LabelSets.from_record(json.loads(json.dumps(sets.to_record()))) == sets
    assert len(sets.probabilities) <= 200


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"shares": [0.5, 0.2], "probabilities": [0.1, 0.2]}, "shares, need increasing floats"),
        ({"probabilities": [0.1, 2.0], "shares": [0.1, 0.2]}, "probabilities, need increasing floats"),
        ({"probabilities": [0.1], "shares": [0.1, 0.2]}, "need as many probabilities as shares"),
        ({"top_share": 1.5}, "top_share 1.5, need a float from 0 to 1"),
        ({"n_units": 0}, "n_units 0, need 1 to 1,000,000,000"),
        ({"n_units": 10**400}, "need 1 to 1,000,000,000"),
        ({"n_units": "many"}, "n_units"),
        ({"probabilities": None}, "probabilities"),
    ],
)
def test_a_damaged_record_is_refused(change, text):
    record = calibrate(*draw_photos(50, 0)).to_record() | change
    with pytest.raises(ValueError, match=text):
        LabelSets.from_record(record)


def test_other_programs_are_told_the_thresholds_of_the_supported_levels():
    sets = calibrate(*draw_photos(74, 0))
    told = json.loads(sets.to_json())
    assert list(told["thresholds"]) == ["80%", "90%", "95%"]
    assert told["thresholds"]["90%"] == sets.find_threshold(0.9)
    assert told["n"] == 74


def test_a_set_always_has_the_answer_and_the_most_probable_label():
    probabilities = {"b": 0.5, "c": 0.3, "a": 0.2}
    assert find_label_set(probabilities, 1.0) == ("b",)
    assert find_label_set(probabilities, 0.3) == ("b", "c")
    assert find_label_set(probabilities, 0.0) == ("b", "c", "a")
    assert find_label_set({"b": 0.5, "a": 0.5}, 1.0) == ("b",)
    decided = {"c": 0.3, "b": 0.5, "a": 0.2}
    assert find_label_set(decided, 1.0) == find_label_set(decided, 0.3) == ("c", "b")
    assert find_label_set(decided, 0.2) == ("c", "b", "a")


@pytest.mark.parametrize("n_wrong", [0, 1, 2])
def test_ten_held_out_photos_promise_no_more_than_the_level(n_wrong):
    """The expected share is an estimate: in 1 of 5 cases, a classifier that is right for 85% is right for all of 10."""
    sets = calibrate_label_sets(np.arange(10) >= n_wrong, np.array([0.3] * n_wrong + [0.8] * (10 - n_wrong)))
    assert sets.expect(0.9) == max(0.9, 1 - n_wrong / 10)
    low, high = sets.top_share_ci95
    assert low < 0.9 < high or n_wrong == 2
    assert (sets.find_threshold(0.9) == 1) == (n_wrong == 0)  # of 11 photos, 1 more may be wrong


def test_the_level_is_kept_where_few_photos_decide_whether_one_label_is_enough():
    generator, covered = np.random.default_rng(0), []
    for _ in range(4000):
        right = generator.uniform(0.05, 0.45, 10)
        is_right = generator.uniform(size=10) < 0.85
        sets = calibrate_label_sets(is_right, np.where(is_right, 0.9, right))
        threshold = sets.find_threshold(0.9)
        covered.append(0.85 + 0.15 * min(1.0, max(0.0, (0.45 - threshold) / 0.4)))
    assert 0.9 - 0.003 <= np.mean(covered) <= 0.9 + 2 / 11


def test_that_one_label_is_enough_is_told_with_the_interval():
    assert say_single_labels(LabelSets((), (), 10, 1.0), 0.9) == (
        "The most probable label alone was right for 100.0% of 10 held-out photos (72.2% to 100.0%), more than 90%: "
        "all sets have one label."
    )


def test_the_needed_photos_are_whole_numbers_without_rounding_errors():
    assert [count_held_out(level) for level in (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)] == [1, 4, 9, 19, 49, 99, 999]
