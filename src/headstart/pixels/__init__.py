"""A photo file becomes uint8 pixels: one decoder for training, prediction and serving; views."""
