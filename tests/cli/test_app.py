"""The command line as a whole: its help, and wrong commands."""

import pytest

import headstart as hs


def test_help_and_version(headstart):
    answer = headstart("--help")
    assert answer.returncode == 0
    for verb in ("train", "predict", "evaluate", "demo", "cache"):
        assert verb in answer.stdout
    assert headstart("--version").stdout == f"headstart {hs.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["train", "/nowhere/at/all"], 1, "does not exist"),
        (["train"], 2, "Missing argument"),
        (["train", ""], 2, "it is empty, need a path"),
        (["train", ".", "--out", ""], 2, "it is empty, need a path"),
        (["train", ".", "--views", "100000000"], 2, "1<=x<=1000"),
        (["predict", "m.onnx", "a.jpg", "--json", "--format", "csv"], 2, "contradict each other"),
        (["train", ".", "--method", "magic"], 2, "magic"),
        (["train", ".", "--image-size", "50000"], 1, "96 to 512"),
        (["train", ".", "--image-size", "0"], 1, "96 to 512"),
        (["advise", ".", "--image-size", "0"], 1, "96 to 512"),
        (["predict", "/nowhere.onnx", "a.jpg"], 1, "Cannot load classifier"),
        (["fly"], 2, "No such command"),
    ],
)
def test_mistakes_get_one_message_and_the_right_status(arguments, status, message, photos, headstart):
    answer = headstart(*(photos if argument == "." else argument for argument in arguments))
    assert answer.returncode == status
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""
