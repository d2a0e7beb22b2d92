from __future__ import annotations

from torch import nn

from archspec.lowering.reserved_labels import RESERVED_LABELS


def test_the_list_is_torchs_own():
    """What torch adds to its containers in a later version is seen here."""
    containers = (nn.Module(), nn.Sequential(), nn.ModuleList(), nn.ModuleDict())
    names = {name for module in containers for name in dir(module)}
    assert {name for name in names if not name.startswith("__")} == RESERVED_LABELS
