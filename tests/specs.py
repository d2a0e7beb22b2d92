"""Checks of specs that a test writes as a text, without a file."""

from __future__ import annotations

import re
from textwrap import dedent
from typing import Any

from archspec.checker import check_source
from archspec.compiler import Options, compile_source
from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source
from archspec.spec import CheckResult, Spec


def check(
    text: str,
    *,
    name: str = "a",
    input: str = "3x32x32",
    file: str = "spec.yaml",
    **options: Any,
) -> CheckResult:
    """Check a text, which may be indented and may omit the header.

    Args:
        text: the spec; `net: [relu]` is enough.
        name: the name of the network, for the header.
        input: the input of the network, for the header.
        file: the name that findings show.
        options: `variant`, `overrides`, `params` and `train`, as of `archspec.check`.
    """
    source = source_of(text, name, input, file)
    return check_source(source, options=Options(**options))


def compiled(text: str) -> CheckResult:
    """Compile a text without the search for fixes, which takes most of the time."""
    return compile_source(source_of(text), None, Options(), Findings())


def source_of(
    text: str, name: str = "a", input: str = "3x32x32", file: str = "spec.yaml"
) -> Source:
    """A text with the header that it omits."""
    text = dedent(text).lstrip("\n")
    if not re.search("^archspec:", text, re.MULTILINE):
        text = f"archspec: 1\nname: {name}\ninput: {input}\n{text}"
    return Source(file, text)


def codes(text: str, **options: Any) -> list[str]:
    """Give the codes of all findings in a text."""
    return [found.code for found in check(text, **options).diagnostics]


def spec(text: str, **options: Any) -> Spec:
    """Give the spec in a text. A test fails with the report if the text has errors."""
    return check(text, **options).require()
