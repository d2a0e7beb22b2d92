"""What the search proposes for a finding: help lines, and fixes to be verified."""

from __future__ import annotations

from typing import NamedTuple

from archspec.diagnostics.diagnostic import Fix


class Proposal(NamedTuple):
    """Help lines and fixes; both are empty where nothing was found."""

    help: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
