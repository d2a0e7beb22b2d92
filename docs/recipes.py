"""Print what a `train:` section may call, as Markdown for docs/training.md."""

from __future__ import annotations

from archspec.backends.tables.text_table import markdown_table
from archspec.settings.settings import SETTINGS

rows = [
    (f"`{setting.name}`", f"`{signature.signature}`", signature.about)
    for setting in SETTINGS.values()
    if setting.is_recipe
    for signature in (setting.recipes or {}).values()
]
print("\n".join(markdown_table(("key", "call", "description"), rows, range(3))))
