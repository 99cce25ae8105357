"""A lack of memory is one sentence with what was asked, whatever error a library makes of it."""

import errno

import numpy as np
import pytest

from headstart.cli import main
from headstart.cli.memory_errors import explain_memory_error


def test_numpy_names_shape_and_type():
    with pytest.raises(MemoryError, match="shape") as caught:
        np.empty((1 << 40, 1 << 10), np.float64)
    message = explain_memory_error(caught.value)
    assert message.startswith("Cannot go on: the memory is full: Unable to allocate 8.00 PiB for an array with shape")
    assert "float64. Close other programs" in message


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(), OSError(errno.ENOMEM, "Cannot allocate memory"), RuntimeError("std::bad_alloc"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        RuntimeError("can't start new thread"), ImportError("libX.so: failed to map segment from shared object"),
    ],
)  # fmt: skip
def test_errors_of_libraries_are_recognised_also_as_causes(error):
    assert "the memory is full" in explain_memory_error(error)
    outer = ValueError("an array is missing")
    outer.__cause__ = error
    assert "the memory is full" in explain_memory_error(outer)
    error.__context__ = outer  # a circle
    assert "the memory is full" in explain_memory_error(outer)


@pytest.mark.parametrize("error", [ValueError("std::bad_alloc"), OSError(errno.EACCES, "denied"), RuntimeError("no")])
def test_other_errors_are_not(error):
    assert explain_memory_error(error) is None


def test_the_command_line_prints_the_sentence_alone(monkeypatch, capsys):
    def fail():
        np.empty((1 << 50,), np.uint8)

    monkeypatch.setattr(main, "_set_up", fail)
    monkeypatch.setattr("sys.argv", ["headstart", "predict"])
    assert main._run() == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("headstart: Cannot go on: the memory is full: Unable to allocate 1.00 PiB")
