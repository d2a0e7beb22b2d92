"""From the syntax tree to the graph: names, blocks, repeats and shapes."""
