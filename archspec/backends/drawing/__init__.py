"""Pictures: DOT text, Graphviz renderings, and a page for a browser."""
