"""What names mean: scopes, imports, params, values of expressions, arguments of calls."""
