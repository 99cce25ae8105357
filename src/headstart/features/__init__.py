"""Catalog to features, computed once and cached."""
