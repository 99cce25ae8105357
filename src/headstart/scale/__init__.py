"""Floor 6: the same on a Ray cluster. Ray is imported here and nowhere else, where it is used."""
