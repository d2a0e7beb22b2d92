"""The ops: for each its signature, shape rule, cost rule and how torch writes it."""
