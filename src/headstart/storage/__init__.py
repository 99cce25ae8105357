"""Files: caches on disk, paths in stores, tar shards, and arrays larger than memory."""
