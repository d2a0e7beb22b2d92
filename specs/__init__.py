"""The bundled specs."""
