"""Errors of ours end a training on Ray; all others leave it to Ray to try again."""

import pytest

from headstart.errors import PhotoError


def test_an_error_of_ours_in_any_worker_is_final():
    pytest.importorskip("ray")
    from headstart.scale.final_errors import StopOnOwnErrors

    StopOnOwnErrors().after_exception(None, {0: RuntimeError("Connection closed by peer")})
    with pytest.raises(PhotoError, match="lost"):
        StopOnOwnErrors().after_exception(None, {0: RuntimeError("Connection closed"), 1: PhotoError("lost")})
