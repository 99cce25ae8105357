"""Floor 3: a folder or CSV becomes a checked, split table of photos."""
