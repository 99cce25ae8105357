"""The run folder: what is written, drawn, described and tracked."""
