"""Metrics, intervals, the verdict and notes: arrays and tables in, numbers and sentences out."""
