"""Each kind of problem has a remedy of its own."""

import pytest

from headstart.training.forget_remedy import find_remedies


@pytest.mark.parametrize(
    ("problem", "remedy"),
    [
        ("features: nothing was removed: database or disk is full", "Free space on the disk of the cache"),
        ("digests: nothing was removed: attempt to write a readonly database", "Make the cache folder writable"),
        ("results: '/c/r' cannot be deleted: Read-only file system", "Make the cache folder writable"),
        ("features: nothing was removed: database is locked", "Wait until the other programs are done"),
        ("cache: a command of headstart is running and may write the same again", "Wait until the other programs"),
        ("features: something else", "Correct this"),
    ],
)
def test_a_problem_has_a_remedy(problem, remedy):
    assert find_remedies([problem]).startswith(remedy)


def test_several_problems_have_several_remedies():
    said = find_remedies(["a: disk is full", "b: database is locked"])
    assert said == "Free space on the disk of the cache, wait until the other programs are done"
