from types import SimpleNamespace

import numpy as np
import pytest

from headstart.head.fold_heads import HeldOutPredictions
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.methods.fixed_choice import Candidate, choose_fixed, judge_candidate, list_candidates
from headstart.methods.settings import Settings


def name_candidates(widest, **settings):
    return [(one.features, one.head) for one in list_candidates(Settings(method="fixed", **settings), widest)]


def test_what_the_user_gave_is_not_compared_with_others():
    assert name_candidates("wide") == [("last", "logistic"), ("wide", "logistic+ridge")]
    assert name_candidates("all", head="logistic") == [("last", "logistic"), ("all", "logistic")]
    assert name_candidates("all", features="all") == [("all", "logistic"), ("all", "logistic+ridge")]
    assert name_candidates("last", features="last", head="logistic") == [("last", "logistic")]
    assert name_candidates("last", head="adam") == [("last", "adam")]
    assert name_candidates("last") == [("last", "logistic"), ("last", "logistic+ridge")]


def make_candidate(losses, is_right=None, units=None):
    losses = np.asarray(losses, float)
    is_right = np.zeros(len(losses), bool) if is_right is None else np.asarray(is_right)
    units = np.arange(len(losses)) if units is None else np.asarray(units)
    return Candidate(Settings(method="fixed", features="last", head="logistic"), None, losses, is_right, units, 0.5)


def test_a_candidate_must_be_better_by_more_than_noise():
    base = make_candidate([0.5, 0.6, 0.7, 0.6])
    assert make_candidate([0.4, 0.5, 0.6, 0.45]).is_better_than(base)
    assert not make_candidate([0.9, 0.1, 1.1, 0.2]).is_better_than(base)
    assert not base.is_better_than(base)
    assert not make_candidate([]).is_better_than(base)
    assert not make_candidate([0.1]).is_better_than(make_candidate([0.5]))


def test_photos_of_one_group_are_one_fact():
    before, better = [0.5] * 12, [0.3] * 8 + [0.65] * 4
    groups = np.repeat([0, 1, 2], 4)  # two gain, one loses
    assert make_candidate(better).is_better_than(make_candidate(before))
    assert not make_candidate(better, units=groups).is_better_than(make_candidate(before))
    assert not make_candidate(better, units=[0] * 12).is_better_than(make_candidate(before))


def test_few_errors_need_no_other_candidate():
    assert make_candidate(np.zeros(100), np.arange(100) > 1).has_few_errors
    assert not make_candidate(np.zeros(100), np.arange(100) > 2).has_few_errors
    assert make_candidate([]).has_few_errors  # nothing can be compared


def test_the_record_has_plain_numbers():
    assert make_candidate([0.25, 0.75], [True, False]).to_dict(is_kept=True) == {
        "features": "last", "head": "logistic", "accuracy": 0.5, "loss": 0.5, "n": 2, "seconds": 0.5, "is_kept": True,
    }  # fmt: skip
    assert make_candidate([]).to_dict(is_kept=False)["loss"] is None


def test_scores_of_averaged_views_are_their_mean():
    y = np.array([0, 1, 0])
    held = HeldOutPredictions(np.array([0, 1, -1] * 2), np.ones(6, bool), np.float32([[2, 0], [0, 1], [9, 9]] * 2))
    held.scores[3] = [0, 8]  # the second view of the first photo outvotes the first view
    table = SimpleNamespace(splits={"train": SimpleNamespace(y=y, groups=["x", "y", "x"])}, n_averaged=2)
    fitted = SimpleNamespace(choice=SimpleNamespace(held_out=held))
    candidate = judge_candidate(table, Settings(), fitted, 0.0)
    assert candidate.is_right.tolist() == [False, True]
    assert len(candidate.losses) == 2
    assert candidate.units.tolist() == [0, 1]


@pytest.mark.parametrize(("noise", "kept"), [(3.0, ["last", "wide"]), (0.0, ["last"])])
def test_wider_features_are_extracted_only_if_many_are_wrong(noise, kept):
    generator = np.random.default_rng(0)
    y = np.arange(80) % 2
    hint = (2 * y - 1)[:, None]
    wide = np.float32(
        np.hstack([hint + generator.normal(size=(80, 3)) * 0.3, hint + noise * generator.normal(size=(80, 2))])
    )
    asked = []

    def extract(settings):
        asked.append(settings.features)
        X = wide if settings.features == "wide" else wide[:, -2:].copy()
        photos = [SimpleNamespace(weight=1.0, digest=str(n), group=None, near_copies=None) for n in range(80)]
        train = SplitFeatures(tuple(photos), X, y, X[None])
        empty = SplitFeatures((), X[:0], y[:0], X[None, :0])
        return FeatureTable(
            catalog=SimpleNamespace(labels=("a", "b")), splits={"train": train, "validation": empty}, n_averaged=1,
            image_size=96, precision="f32", n_extracted=0, n_cached=0,
        )  # fmt: skip

    choice = choose_fixed(Settings(method="fixed"), "wide", extract)
    assert asked == kept
    assert choice.kept.settings.features == kept[-1]
    assert [one["is_kept"] for one in choice.to_records()] == [name == kept[-1] for name in kept]
    assert choice.table.splits["train"].X.shape[1] == {"last": 2, "wide": 5}[kept[-1]]
