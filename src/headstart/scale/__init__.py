"""The same work on a Ray cluster. Ray is imported here and nowhere else."""
