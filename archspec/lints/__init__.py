"""Warnings about finished specs that are legal and hardly intended; a rule per file."""
