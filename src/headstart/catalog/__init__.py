"""A folder, table or tar shards become a checked, split table of photos."""
