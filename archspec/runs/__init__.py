"""Read and show what a run leaves on disk, without torch."""
