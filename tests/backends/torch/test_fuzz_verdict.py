"""The checker is never wrong: its verdict and every shape are torch's.

`make fuzz` tries many more programs.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings

from archspec.diagnostics.render import render_full
from specs import compiled

from .agreement import assert_agrees
from .random_programs import Program, programs
from .torch_oracle import layer_shapes

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))


@settings(
    max_examples=EXAMPLES,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(programs())
def test_the_verdict_is_torchs(program: Program) -> None:
    result = compiled(program.text)
    report = f"{program.text}\n{render_full(result.diagnostics)}"
    expected = layer_shapes(program)
    assert result.ok == (expected is not None), report
    if result.spec is not None:
        found = [layer.output.shape for layer in result.spec.layers]
        assert found == expected, report
        assert_agrees(result.spec)
