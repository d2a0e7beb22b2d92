"""What to write instead: changes of a spec that are tried before they are proposed."""
