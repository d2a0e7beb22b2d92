"""Fold nested steps: modules of one class become a block, and neighbors a repeat."""
