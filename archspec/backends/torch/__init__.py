"""PyTorch modules and the files that torch exports; the only backend with torch."""
