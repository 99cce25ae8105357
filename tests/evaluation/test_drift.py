"""False alarms are as rare as is said, and changes are found, early or late."""

import numpy as np
import pytest

from headstart.evaluation import drift
from headstart.evaluation.drift import ALARM, DriftWatch, bound_own_share, make_drift_test


def measure_novelties(generator, n_units, strangeness):
    """Return the novelties of photos: the strangest of a classifier's own photos has the strangeness 0, others up to 1.

    Each call is another classifier, whose novelty was measured on another ``n_units`` photos.
    """
    own = np.sort(generator.random(n_units))
    shares = np.arange(1, n_units + 1) / (n_units + 1)
    return np.interp(strangeness, own, shares, left=shares[0])


def watch(novelties, n_units, refused_share=0.01):
    found = DriftWatch(make_drift_test(n_units, refused_share), refused_share)
    alarms = []
    for novelty in novelties:
        found.add("cats", float(novelty))
        alarms.append(found._is_drifting)
    return found, np.array(alarms)


@pytest.mark.parametrize(("n_units", "refused_share"), [(24, 0.05), (150, 0.01), (2000, 0.01), (2000, None)])
def test_false_alarms_are_as_rare_as_is_said(n_units, refused_share):
    generator, n_false, n_runs = np.random.default_rng(n_units), 0, 150
    for _ in range(n_runs):
        novelties = measure_novelties(generator, n_units, generator.random(1000))
        n_false += watch(novelties, n_units, refused_share)[1].any()
    assert n_false <= 0.01 * n_runs + 2 * (0.01 * n_runs) ** 0.5
    assert "1,000 photos" in drift.FALSE_ALARMS
    assert "1 in 100" in drift.FALSE_ALARMS


def test_evidence_grows_by_at_most_one_for_each_photo_while_no_share_is_larger():
    """So the probability of an alarm within m photos is at most m / ALARM, by Markov's inequality."""
    test = make_drift_test(500, 0.01)
    for bound, rises, falls in zip(test.bounds, test.rises, test.falls, strict=True):
        for rise, fall in zip(rises, falls, strict=True):
            assert bound * rise + (1 - bound) * fall == pytest.approx(1)
            assert rise > 1 > fall
    most = drift.MISSED + 1000 / ALARM  # of the probability of a false alarm in 1,000 photos
    assert most == pytest.approx(0.01)


def test_bounds_are_exceeded_as_rarely_as_is_said():
    generator, n_units = np.random.default_rng(3), 60
    own = np.sort(generator.random((20_000, n_units)), 1)
    exceeded = own[:, 11] > bound_own_share(12 / 61, n_units, 0.95)  # the twelfth strangest
    assert exceeded.mean() == pytest.approx(0.05, abs=0.006)


@pytest.mark.parametrize(
    ("n_quiet", "change", "most"),
    [
        (0, "strangers", 8), (3000, "strangers", 8), (0, "tenth", 300), (3000, "tenth", 300), (0, "stranger", 300),
        (3000, "stranger", 300),
    ],
)  # fmt: skip
def test_a_change_is_found_at_the_start_and_after_a_long_time(n_quiet, change, most):
    generator = np.random.default_rng(7)
    for _ in range(5):
        later = generator.random(600)
        if change == "stranger":
            later = later**2
        else:
            later[generator.random(600) < (1 if change == "strangers" else 0.1)] = 0
        novelties = measure_novelties(generator, 2000, np.concatenate([generator.random(n_quiet), later]))
        _, alarms = watch(novelties, 2000)
        assert not alarms[:n_quiet].any()
        assert alarms[n_quiet : n_quiet + most].any()


def test_the_alarm_ends_when_the_photos_are_as_before():
    generator = np.random.default_rng(1)
    strangeness = np.concatenate([np.zeros(100), generator.random(400)])
    found, alarms = watch(measure_novelties(generator, 2000, strangeness), 2000)
    assert alarms[99]
    assert not alarms[-1]
    told = found.describe()
    assert (told["n_alarms"], told["is_drifting"]) == (1, False)
    assert told["last_alarm"] < 10
    assert told["sentence"].endswith(f"The last alarm began at photo {told['last_alarm']}.")


@pytest.mark.parametrize("change", [0.05, 0.1, 0.3, 1, "square"])  # share of strangers
def test_one_lasting_change_is_one_alarm(change):
    generator, n_runs, n_later = np.random.default_rng(5), 4, 1500
    n_alarms = 0
    for _ in range(n_runs):
        later = generator.random(n_later)
        if change == "square":
            later = later**2
        else:
            later[generator.random(n_later) < change] = 0
        novelties = measure_novelties(generator, 2000, np.concatenate([generator.random(300), later]))
        found, alarms = watch(novelties, 2000)
        n_alarms += found.describe()["n_alarms"]
        assert alarms[-1]
        assert np.diff(np.flatnonzero(alarms)).max() == 1  # it does not pause
    assert n_alarms == n_runs


def test_the_alarm_begins_and_ends_at_the_evidence_that_is_told():
    found, _ = watch([0.0005] * 3, 2000)
    before = found.describe()
    while not before["is_drifting"]:
        assert before["evidence"] < before["alarm_at"]
        found.add("cats", 0.0005)
        before = found.describe()
    assert before["evidence"] >= before["alarm_at"]
    assert before["last_alarm"] == before["n_photos"]
    while before["is_drifting"]:
        assert before["evidence"] >= before["alarm_ends_at"]
        found.add("cats", 0.7)
        before = found.describe()
    assert before["evidence"] < before["alarm_ends_at"]
    assert before["n_alarms"] == 1


def test_strangers_before_the_end_of_an_alarm_are_told_as_its_reason():
    found, alarms = watch([0.5] * 30 + [0.0005] * 15 + [0.7] * 60, 2000)
    assert alarms[44]
    assert not alarms[-1]
    assert found.say() == (
        "15 of 105 photos were refused; 1 is expected. "
        f"The alarm of photo {found.describe()['last_alarm']} has ended, because the newest photos are as expected."
    )
    for _ in range(200):
        found.add("cats", 0.7)
    for _ in range(4):
        found.add("cats", 0.005)
    assert found.say() == (
        "4 of the last 200 photos were refused; 2 are expected. This is not enough for an alarm. "
        f"The last alarm began at photo {found.describe()['last_alarm']}."
    )


def test_an_alarm_that_is_about_to_end_says_so():
    found, alarms = watch(([0.0005] + [0.7] * 19) * 100 + [0.7] * 150, 2000)
    last = found.describe()["last_alarm"]
    assert alarms[last - 1 :].all()
    assert found.say() == (
        "2 of the last 200 photos were refused; 2 are expected. "
        f"The alarm of photo {last:,} ends after more such photos."
    )


def test_the_state_counts_refused_photos_apart_from_labels():
    found = DriftWatch(make_drift_test(2000, 0.01), 0.01)
    for label, novelty in (("dogs", 0.5), ("cats", 0.25), ("cats", 0.01), ("cats", 0.24)):
        found.add(label, novelty)
    told = found.describe()
    assert told["labels"] == {"cats": 2, "dogs": 1}
    assert (told["n_photos"], told["n_refused"], told["refused_share"]) == (4, 1, 0.25)
    assert told["mean_novelty"] == 0.25
    assert told["recent"] == {"n_photos": 4, "n_refused": 1, "mean_novelty": 0.25}
    assert (told["is_drifting"], told["expected_refused_share"]) == (False, 0.01)


def test_only_the_last_photos_are_recent():
    found, _ = watch([0.005] * 50 + [0.6] * 200, 2000)
    told = found.describe()
    assert (told["n_refused"], told["recent"]["n_refused"]) == (50, 0)
    assert told["sentence"].startswith("None of the last 200 photos was refused; 2 are expected. There is no sign that")


@pytest.mark.parametrize(
    ("novelties", "refused_share", "sentence"),
    [
        ([], 0.01, "No photos so far."),
        ([0.5], 0.01, f"The first photo was not refused. {drift.NO_SIGN}"),
        ([0.001], 0.01, "The first photo was refused. This is not enough for an alarm."),
        ([0.01], None, "The first photo is stranger than 95% of the classifier's own photos. This is not enough for an "
         "alarm."),
        ([0.7] * 12, 0.01, f"None of 12 photos was refused; fewer than 1 is expected. {drift.NO_SIGN}"),
        ([0.001] + [0.7] * 99, 0.01, f"1 of 100 photos was refused; 1 is expected. {drift.NO_SIGN}"),
        ([0.001] * 2, 0.01, "2 of 2 photos were refused; fewer than 1 is expected. This is not enough for an alarm."),
        ([0.001] * 30, 0.05, "30 of 30 photos were refused; 2 are expected. These photos are not like the training "
         "photos. Look at them. If they belong to a class, old or new, train again with some of them."),
        ([0.3] * 120, 0.01, "120 of 120 photos are stranger than 50% of the classifier's own photos; 60 are expected. "
         + drift.ADVICE),
    ],
)  # fmt: skip
def test_the_state_is_a_sentence(novelties, refused_share, sentence):
    assert watch(novelties, 2000, refused_share)[0].say() == sentence


def test_a_classifier_that_cannot_tell_counts_its_answers():
    found = DriftWatch(make_drift_test(None, None), None)
    found.add("cats", None)
    told = found.describe()
    assert (told["labels"], told["is_drifting"], told["mean_novelty"], told["alarm_at"]) == (
        {"cats": 1},
        None,
        None,
        None,
    )
    assert told["sentence"] == "1 photo so far. This classifier cannot tell whether they are like its training photos."
