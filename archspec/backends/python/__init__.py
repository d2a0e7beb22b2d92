"""PyTorch source: the text of a Python module for a graph."""
