"""Evaluate the network of a run, and predict classes with it."""
