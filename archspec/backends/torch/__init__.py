"""PyTorch modules, and the files that PyTorch exports. No other backend uses torch."""
