"""The ops and merges, each an entry with everything that archspec knows of it."""
