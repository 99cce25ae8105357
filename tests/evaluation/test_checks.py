"""Wrong arrays are refused, and the message lists all problems."""

import numpy as np
import pytest

from headstart.errors import EvaluationError
from headstart.evaluation.checks import check_classes, check_inputs

GOOD = {"y": [0, 1], "probabilities": [[0.5, 0.5], [0.0, 1.0]], "classes": ["a", "b"], "sample_weight": None}


def test_valid_input_is_returned_as_arrays():
    truth, given, weights = check_inputs(**GOOD)
    assert (truth.dtype, given.dtype, weights.tolist()) == (np.int64, np.float64, [1, 1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classes": ["a", "a"]}, "need at least 2 different names"),
        ({"y": []}, r"got true classes of shape \(0,\)"),
        ({"probabilities": [[1.0, 0.0]]}, r"got probabilities of shape \(1, 2\), need \(2, 2\)"),
        ({"sample_weight": [1.0]}, r"got weights of shape \(1,\)"),
        ({"y": [0.0, 1.0]}, "got true classes of type float64"),
        ({"y": [0, 2]}, "got true classes from 0 to 2, need 0 to 1"),
        ({"probabilities": [[0.5, np.nan], [0, 1]]}, "negative or not finite"),
        ({"probabilities": [[0.5, 0.4], [0, 1]]}, "sum to 0.9 in row 0"),
        ({"sample_weight": [0.0, 0.0]}, "all 0"),
    ],
)
def test_the_message_names_the_problem(change, message):
    with pytest.raises(EvaluationError, match=message):
        check_inputs(**GOOD | change)


def test_the_message_lists_several_problems():
    with pytest.raises(EvaluationError, match=r"from 0 to 5.*not finite"):
        check_inputs(**GOOD | {"y": [0, 5], "probabilities": [[-1, 2], [0, 1]]})


def test_class_indices_are_checked():
    assert check_classes([[0], [1]], 2).tolist() == [0, 1]
    assert check_classes([], 2).tolist() == []
    with pytest.raises(EvaluationError, match="Pass indices, not names"):
        check_classes(["a"], 2)
