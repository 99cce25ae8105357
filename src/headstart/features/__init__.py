"""Floor 4: catalog to features, computed once and cached."""
