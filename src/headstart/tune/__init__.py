"""Training above a cut. Torch lives here and nowhere else."""
