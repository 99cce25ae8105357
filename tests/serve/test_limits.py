"""Limits are positive and constant, and a rejection has a status."""

import dataclasses

import pytest

from headstart.serve.limits import Limits, Rejection


def test_a_request_may_be_larger_than_one_file():
    limits = Limits()
    assert limits.max_file_bytes < limits.max_body_bytes
    assert all(value > 0 for value in dataclasses.astuple(limits))


def test_limits_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError, match="max_files"):
        Limits().max_files = 3


def test_a_refusal_has_a_status_and_a_sentence():
    rejection = Rejection(413, "Too much.")
    assert (rejection.status, str(rejection)) == (413, "Too much.")
