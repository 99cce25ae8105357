"""The run folder: its files, pictures, description and tracking."""
