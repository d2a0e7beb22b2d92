"""The commands of `archspec`; each file is one command."""
