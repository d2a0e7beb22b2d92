"""What a graph becomes: PyTorch source, a drawing, a PyTorch module."""
