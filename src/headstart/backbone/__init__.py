"""The pretrained network: its weights and its spec, which says how photos become its input and where it may be cut."""
