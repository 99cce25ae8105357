"""The pretrained network: its spec and its weights, which are one record."""
