"""Other formats, each with a certificate that it answers the same."""
