"""A trained classifier is judged with what is known of near copies."""

from headstart.features.near_copies import CopyPair
from headstart.features.near_copy_groups import NearCopies
from headstart.process.progress import ignore_progress
from headstart.training.judging import judge_trained


def test_the_accuracy_on_new_groups_knows_all_pairs_of_near_copies(monkeypatch):
    monkeypatch.setattr("headstart.training.judging.cross_validate_nested", lambda *_: "nested")
    monkeypatch.setattr("headstart.training.judging.judge_elsewhere", lambda _, pairs, __: pairs)
    pair = CopyPair("a", "b", 0.9, None)
    known = judge_trained(None, NearCopies((pair,), {"a": "a", "b": "b"}), ignore_progress)
    assert known == {"cross_validation": "nested", "elsewhere": (pair,)}
    assert judge_trained(None, None, ignore_progress)["elsewhere"] == ()
