"""Fit the head, from features to class scores. Arrays in, arrays out: no photos, no files."""
