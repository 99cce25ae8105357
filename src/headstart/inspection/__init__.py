"""Inspection: findings about the photos and labels of a set, such as wrong labels, copies and poor photos."""
