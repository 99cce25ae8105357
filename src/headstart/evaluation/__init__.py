"""Metrics with intervals, and the verdict. Arrays and tables in, numbers and sentences out."""
