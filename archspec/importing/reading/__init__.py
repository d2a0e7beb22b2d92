"""Read an `nn.Module` as nested steps: trace it, convert its operations, find its structure."""
