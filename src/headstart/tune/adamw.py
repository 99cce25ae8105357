"""AdamW (Loshchilov and Hutter 2019), as `torch.optim.AdamW` computes it, without the import that its class needs.

Every optimiser of torch imports torch's compiler, which takes 3 s of a processor. The step itself is torch's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

FIRST_DECAY, EPSILON = 0.9, 1e-8  # torch's defaults
STEP, FIRST, SECOND = "step", "exp_avg", "exp_avg_sq"  # torch's names of a parameter's state, for checkpoints


class AdamW:
    """Groups of parameters with the state of each.

    Parameters
    ----------
    groups
        Groups with ``params``, ``weight_decay`` and ``peak``: the peak learning rate.
    second_decay
        Decay of the running mean of squared gradients.
    """

    def __init__(self, groups: Sequence[Mapping[str, Any]], second_decay: float = 0.999) -> None:
        self._second_decay = second_decay
        self._groups = [group for group in groups if group["params"]]
        self._parameters: list[Tensor] = [parameter for group in self._groups for parameter in group["params"]]
        self._state: dict[Tensor, dict[str, Tensor]] = {}

    def step(self, share: float) -> None:
        """Take a step at a share of the peak rates, with the gradients of all parameters, and drop the gradients."""
        with torch.no_grad():
            for group in self._groups:
                # a network with no photo in this process has no gradients
                parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
                states = [self._find_state(parameter) for parameter in parameters]
                if not parameters:
                    continue
                for state in states:
                    state[STEP] += 1
                torch._fused_adamw_(
                    parameters, [parameter.grad for parameter in parameters],
                    [state[FIRST] for state in states], [state[SECOND] for state in states], [],
                    [state[STEP] for state in states], lr=share * group["peak"], beta1=FIRST_DECAY,
                    beta2=self._second_decay, weight_decay=group["weight_decay"], eps=EPSILON,
                    amsgrad=False, maximize=False,
                )  # fmt: skip
        for parameter in self._parameters:  # now, so that the next step reuses this memory without gaps
            parameter.grad = None

    def _find_state(self, parameter: Tensor) -> dict[str, Tensor]:
        if parameter not in self._state:
            self._state[parameter] = {
                STEP: torch.zeros((), device=parameter.device),
                FIRST: torch.zeros_like(parameter), SECOND: torch.zeros_like(parameter),
            }  # fmt: skip
        return self._state[parameter]

    def list_state(self) -> dict[str, Tensor]:
        """Return the state by the number of its parameter and its name, such as ``0/exp_avg``."""
        return {
            f"{number}/{name}": value
            for number, parameter in enumerate(self._parameters)
            for name, value in self._state.get(parameter, {}).items()
        }

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Restore a state that `list_state` returned."""
        self._state = {}
        for name, value in state.items():
            number, _, rest = name.partition("/")
            parameter = self._parameters[int(number)]
            if value.ndim:  # in the memory layout of its parameter: another layout would change the rounding of a step
                value = torch.empty_like(parameter).copy_(value)
            self._state.setdefault(parameter, {})[rest] = value.to(parameter.device)
