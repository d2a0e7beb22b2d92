"""Blocks in common use, written in the language itself."""
