"""Signatures of what a spec may call, and the types of arguments."""
