"""Tables of a network: its layers and their costs, and the changes between two."""
