"""`archspec schema`: print the JSON Schema of a spec, for editors."""

from __future__ import annotations

import json

from archspec.frontend.schema.json_schema import published_schema


def schema() -> None:
    """Print the JSON Schema of a spec."""
    print(json.dumps(published_schema(), indent=2))
