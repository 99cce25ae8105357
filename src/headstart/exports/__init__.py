"""Other formats, each with proof that it answers the same."""
