"""Limits are as the texts say them, and a refusal is an answer."""

import dataclasses

import pytest

from headstart.serve.limits import Limits, Refusal


def test_a_whole_request_may_hold_more_than_one_photo():
    limits = Limits()
    assert limits.file_bytes < limits.body_bytes
    assert all(value > 0 for value in dataclasses.astuple(limits))


def test_limits_do_not_change_while_requests_are_answered():
    with pytest.raises(dataclasses.FrozenInstanceError, match="files"):
        Limits().files = 3


def test_a_refusal_has_a_status_and_a_sentence():
    refusal = Refusal(413, "Too much.")
    assert (refusal.status, str(refusal)) == (413, "Too much.")
