"""A trained classifier is judged with what is known of near copies."""

from headstart.features.near_copies import CopyPair
from headstart.features.near_copy_groups import NearCopies
from headstart.methods.nested_cross_validation import NestedJudgement
from headstart.process.progress import ignore_progress
from headstart.training.judging import judge_trained


def test_the_accuracy_on_new_groups_knows_all_pairs_of_near_copies(monkeypatch):
    nested = NestedJudgement({"accuracy": 0.9}, "held")
    monkeypatch.setattr("headstart.training.judging.cross_validate_nested", lambda *_: nested)
    monkeypatch.setattr("headstart.training.judging.judge_elsewhere", lambda _, pairs, __: pairs)
    pair = CopyPair("a", "b", 0.9, None)
    known = judge_trained(None, NearCopies((pair,), {"a": "a", "b": "b"}), ignore_progress)
    assert known.metrics == {"cross_validation": {"accuracy": 0.9}, "elsewhere": (pair,)}
    assert known.held == "held"
    assert judge_trained(None, None, ignore_progress).metrics["elsewhere"] == ()


def test_without_cross_validation_no_photo_is_held_out(monkeypatch):
    monkeypatch.setattr("headstart.training.judging.cross_validate_nested", lambda *_: None)
    monkeypatch.setattr("headstart.training.judging.judge_elsewhere", lambda *_: None)
    judged = judge_trained(None, None, ignore_progress)
    assert (judged.metrics, judged.held) == ({"cross_validation": None, "elsewhere": None}, None)
