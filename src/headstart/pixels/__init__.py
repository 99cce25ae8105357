"""Decode a photo file to uint8 pixels, the same for training, prediction and serving, and draw augmented views."""
