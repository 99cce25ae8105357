"""Floor 2: a photo file becomes uint8 pixels, and views of them."""
