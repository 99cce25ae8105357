"""The one file that leaves training: build it, save it, load it, predict with it."""
