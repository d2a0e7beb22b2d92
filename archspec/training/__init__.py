"""The trainer: one loop for every spec, and the directory that a run leaves behind."""
