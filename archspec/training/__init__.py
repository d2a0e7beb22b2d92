"""Train, evaluate and run networks."""
