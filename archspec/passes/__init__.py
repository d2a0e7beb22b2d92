"""Analyses of a finished graph: costs, memory, and the changes between two graphs."""
