"""A HeadstartError ends a training on Ray; after other errors Ray tries again."""

import pytest

from headstart.errors import PhotoError


def test_a_headstart_error_of_any_worker_ends_the_training():
    pytest.importorskip("ray")
    from headstart.scale.training_failures import StopOnOwnErrors

    StopOnOwnErrors().after_exception(None, {0: RuntimeError("Connection closed by peer")})
    with pytest.raises(PhotoError, match="lost"):
        StopOnOwnErrors().after_exception(None, {0: RuntimeError("Connection closed"), 1: PhotoError("lost")})
