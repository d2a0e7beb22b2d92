"""Diagnostics: sources and spans, findings as data, their codes and renderings."""
