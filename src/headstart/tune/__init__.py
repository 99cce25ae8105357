"""Floor 5: training above a cut. Torch lives here and nowhere else."""
