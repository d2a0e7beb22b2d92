"""The graph that every pass and backend reads; it knows no syntax and no torch."""
