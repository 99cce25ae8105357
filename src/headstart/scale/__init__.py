"""The same work on a Ray cluster. Ray lives here and nowhere else."""
