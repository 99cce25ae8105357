"""Floor 8: one thin file per verb."""
