"""What a graph becomes: PyTorch source, a module, a drawing."""
