"""Import: from an `nn.Module` to the spec a person would have written."""
