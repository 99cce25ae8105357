"""Floor 7: a whole training, from a catalog to a run folder."""
