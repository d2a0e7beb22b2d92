"""Write nested steps as the YAML that a person would have written."""
