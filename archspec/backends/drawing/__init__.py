"""Drawings: DOT text, Graphviz pictures, and a page for a browser."""
