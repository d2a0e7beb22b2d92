"""From the syntax tree to the graph: expand blocks and repeats, infer shapes."""
