"""The outcome of a replay in words."""

from headstart.runs.replay_words import describe_conditions, describe_outcome

BITS = {"features": True, "head": True, "probabilities": False, "metrics": True}


def make(*, other_answers=(), is_same=False, is_same_condition=True, missing=(), **bits):
    comparison = {
        "n_compared": 20, "largest_difference": 0.0123456, "other_answers": list(other_answers), "arithmetic": None,
        "engine": None, "versions": {}, "is_same_condition": is_same_condition, "same_bits": BITS | bits,
    }  # fmt: skip
    is_equal = not other_answers and not missing
    return {"is_same": is_same, "is_equal": is_equal, "n_photos": 20, "missing": list(missing),
            "changed": [], "comparison": comparison}  # fmt: skip


def test_the_same_bits_are_told_with_the_number_of_photos():
    assert describe_outcome(make(is_same=True)).endswith("metrics of 20 photos have the same bits.")


def test_other_bits_are_told_with_the_largest_difference_and_a_reason():
    told = describe_outcome(make(is_same_condition=False, head=False))
    assert told.startswith("The same answers for all 20 photos. The largest difference of a probability is 0.012346.")
    assert told.endswith("processor, arithmetic or versions differ.")
    assert describe_outcome(make(head=False)).endswith("The features have the same bits, but not the head.")
    assert "torch" in describe_outcome(make(features=False, head=False))
    assert describe_outcome(make(other_answers=[{}])).startswith("Other answers for 1 of 20 photos.")


def test_metrics_that_differ_alone_are_named():
    told = describe_outcome(make(probabilities=True, metrics=False))
    assert told == "The probabilities of 20 photos have the same bits. Other bits: metrics."


def test_missing_photos_come_first():
    assert describe_outcome(make(missing=["a", "b"])) == "Not the same training: 2 of 20 photos were not found."


def test_each_condition_has_a_line():
    comparison = make()["comparison"]
    assert describe_conditions(comparison) == []
    comparison |= {"arithmetic": ["bf16", "f32"], "engine": ["a", "b"], "versions": {"numpy": ["2.0", "2.1"]}}
    assert describe_conditions(comparison) == [
        "Arithmetic: bf16 before, f32 now.",
        "The processor or the inference engine is of another kind.",
        "Versions: numpy 2.0 before, 2.1 now.",
    ]
