"""Floor 1: features become class scores. Arrays in, arrays out; nothing here knows of photos or files."""
