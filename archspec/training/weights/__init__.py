"""Weights in and out: files, names, what is loaded and what stays as it is."""
