"""Floor 1: judging a classifier, its figures and its report. Arrays and tables in, judgement out."""
