"""The structure of a spec: its JSON Schema, and how a violation is reported."""
