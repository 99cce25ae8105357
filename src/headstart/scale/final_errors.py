"""Which failures of a training on Ray are final."""

from __future__ import annotations

from typing import Any

from ray.train import UserCallback

from headstart.errors import HeadstartError


class StopOnOwnErrors(UserCallback):
    """End the training when a worker raises an error that is meant for the user: trying again gives the same."""

    def after_exception(self, run_context: Any, worker_exceptions: dict[int, Exception]) -> None:
        """Raise such an error in Ray Train's controller, which stops all workers and passes it on."""
        del run_context
        for error in worker_exceptions.values():
            if isinstance(error, HeadstartError):
                raise error
