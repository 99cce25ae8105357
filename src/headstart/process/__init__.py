"""The running process: its cores, Ctrl-C, progress bars and installed packages."""
