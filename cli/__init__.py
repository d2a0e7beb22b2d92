"""The commands of `archspec`, each in a file of its name, and what they share."""
