"""Check that the layers of a network, once it is read and before it is compiled, have sizes that a photo needs."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from headstart.errors import ClassifierError

if TYPE_CHECKING:
    import openvino

# Numbers for one photo: the largest layer, and all layers. MobileNetV2 at 512 pixels has 6 and 60 million; the largest
# networks of others, with eight averaged views, about 50 times as many.
MAX_LAYER, MAX_ALL = 400_000_000, 5_000_000_000


def check_layer_sizes(network: openvino.Model) -> None:
    """Raise ClassifierError, with the reason alone, if a layer or all layers of a network for one photo are too large.

    A size that is not known counts as 1: it depends on values, which the engine computes within its own limits.
    """
    total = 0.0
    for op in network.get_ops():
        if op.get_type_name() == "Constant":
            continue
        for output in op.outputs():
            shape = output.get_partial_shape().to_string()
            n_numbers = math.prod(map(float, re.findall(r"\d+", shape)))
            total += n_numbers
            if n_numbers > MAX_LAYER or total > MAX_ALL:
                raise ClassifierError(
                    f"its layer {op.get_friendly_name()!a:.60} has {shape} numbers for one photo, more than any "
                    "network that headstart writes"
                )
