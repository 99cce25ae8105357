"""Whole trainings: train, auto, advise, evaluate, and the scikit-learn classifier."""
