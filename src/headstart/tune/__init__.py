"""Training above a cut. Torch lives here and nowhere else."""

from __future__ import annotations

import os

# GNU's OpenMP, which torch computes with, lets threads that wait spin for milliseconds, and reads this when torch is
# imported. Where other programs run, the spinning takes the cores from the very threads that are waited for: a step
# takes 40 times as long. With a short spin it takes twice as long, and alone as long as before.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
