"""The processes that share a run: how they are launched and how they communicate."""
