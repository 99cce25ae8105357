"""Floor 6: a whole training, from a catalog to a run folder."""
