"""YAML as a tree that knows its places, and the traps that YAML sets for a spec."""
