"""Floor 6: the same work on many machines. Ray lives here and nowhere else."""
