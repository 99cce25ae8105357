"""The process that runs: cores, Ctrl-C, progress, and which packages are installed."""
