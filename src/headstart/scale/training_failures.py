"""Which failures of a worker end a training on Ray."""

from __future__ import annotations

from typing import Any

from ray.train import UserCallback

from headstart.errors import HeadstartError


class StopOnOwnErrors(UserCallback):
    """Ends a training when a worker raises a HeadstartError: another attempt would raise the same error."""

    def after_exception(self, run_context: Any, worker_exceptions: dict[int, Exception]) -> None:
        """Raise such an error in Ray Train's controller, which then stops all workers and passes the error on."""
        del run_context
        for error in worker_exceptions.values():
            if isinstance(error, HeadstartError):
                raise error
