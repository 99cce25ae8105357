"""Other formats, each with a certificate: measured proof that the export predicts what the classifier predicts."""
