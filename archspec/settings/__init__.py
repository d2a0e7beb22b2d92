"""The training settings, each declared once: type, default, bounds, flag and help."""
