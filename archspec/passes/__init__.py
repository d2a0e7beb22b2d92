"""What is computed from a finished graph."""
