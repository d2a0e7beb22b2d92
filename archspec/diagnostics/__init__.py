"""What archspec says about a spec: places in a text, findings, and their renderings."""
