"""Features become class scores: solvers. Arrays in, arrays out; nothing here knows of photos or files."""
