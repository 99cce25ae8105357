"""The forecast in sentences."""

import pytest

from headstart.evaluation.forecast_words import round_number, write_costliest_class, write_forecast

EXPECTED = [
    {"factor": 2.0, "n_photos": 2000, "accuracy": 0.88, "interval80": [0.86, 0.9]},
    {"factor": 5.0, "n_photos": 5000, "accuracy": 0.91, "interval80": [0.87, 0.94]},
]


def make_record(**changes):
    record = {
        "n": 1000, "accuracy": 0.85, "most": 10_000, "reason": None, "expected": EXPECTED,
        "target": {"accuracy": 0.9, "n_photos": 3456, "interval80": [1999, None]},
    }  # fmt: skip
    return record | changes


def test_twice_and_five_times_the_photos_and_a_round_accuracy():
    assert write_forecast(make_record()) == [
        "More photos would help. In cross-validation 85.0% of 1,000 photos are right.",
        "With twice as many (2,000): 88.0% (80% interval 86.0% to 90.0%).",
        "With five times as many (5,000): 91.0% (87.0% to 94.0%).",
        "90% would take about 3,500 photos (2,000 to more than 10,000).",
    ]


def test_a_small_gain_is_called_little():
    rows = [EXPECTED[0] | {"accuracy": 0.853}, EXPECTED[1]]
    assert write_forecast(make_record(expected=rows))[0].startswith("More photos like these would help little. ")


def test_a_forecast_below_the_accuracy_now_says_why():
    rows = [EXPECTED[0] | {"accuracy": 0.99}, EXPECTED[1]]
    told = write_forecast(make_record(n=40, accuracy=1.0, expected=rows, curve=[{"factor": 1.0, "accuracy": 0.988}]))
    assert told[0] == (
        "More photos like these would help little. In cross-validation 100.0% of 40 photos are right; with so few "
        "errors this may be luck, and the forecast begins at 98.8%."
    )
    falling = make_record(accuracy=0.995, expected=rows, curve=[{"factor": 1.0, "accuracy": 0.9945}])
    assert write_forecast(falling)[0].endswith("photos are right.")  # of many photos: more of them do not help


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (None, None),
        ({"accuracy": 0.995, "n_photos": None, "interval80": [None, None]},
         "99.5% would take more than 10,000 photos."),
        ({"accuracy": 0.9, "n_photos": None, "interval80": [1500, None]},
         "90% would take more than 10,000 photos (1,500 to more than 10,000)."),
        ({"accuracy": 0.9, "n_photos": 1300, "interval80": [1000, 2600]},
         "90% would take about 1,300 photos (no more than now to 2,600)."),
    ],
)  # fmt: skip
def test_the_photos_for_a_round_accuracy(target, told):
    sentences = write_forecast(make_record(target=target))
    assert (sentences[-1] if len(sentences) == 4 else None) == told


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("no-cross-validation", "headstart advise measures it"), ("few-groups", "the photos are of 2 groups, too few"),
        ("few-photos", "1,000 photos are too few"),
        ("near-copies", "400 of 1,000 photos have a near copy"), ("guessing", "First check the labels"),
        ("flat", "may not help"),
    ],
)  # fmt: skip
def test_a_reason_is_said_instead_of_a_number(reason, words):
    (sentence,) = write_forecast(make_record(reason=reason, n_near_copies=400, n_groups=2))
    assert words in sentence
    assert "88.0%" not in sentence


def test_a_run_of_an_earlier_version_has_no_forecast():
    assert write_forecast(None) == write_forecast({}) == []


def test_numbers_of_photos_are_rounded_to_two_digits():
    assert [round_number(n) for n in (0, 7, 99, 101, 12_345, 990_000)] == [0, 7, 99, 100, 12_000, 990_000]


def test_the_class_with_most_errors_is_named():
    per_class = {"rust": {"support": 50, "recall": 0.8}, "miner": {"support": 10, "recall": 0.5}}
    assert write_costliest_class(per_class).startswith(
        "Most errors are on rust: 10 of its 50 photos are wrong, of 15 in all."
    )
    assert write_costliest_class({name: row | {"recall": 1.0} for name, row in per_class.items()}) == ""
    assert write_costliest_class({}) == ""
