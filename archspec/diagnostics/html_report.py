"""Diagnostics as HTML, for notebooks: the report of a terminal with its colors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from archspec.diagnostics.diagnostic import Diagnostic
from archspec.diagnostics.render import STYLES, render_full

COLORS = {"error": "#c62828", "warning": "#b26a00", "frame": "#1565c0"}
CODES = {code: COLORS.get(name, "inherit") for name, code in STYLES.items()}
STYLED = re.compile(r"\033\[([\d;]+)m(.*?)\033\[0m", re.DOTALL)


def render_html(diagnostics: Iterable[Diagnostic]) -> str:
    """Render the report as a `<pre>` element; "" without diagnostics."""
    report = escape(render_full(diagnostics, color=True), quote=False)
    return report and f"<pre>{STYLED.sub(_span, report)}</pre>"


def _span(match: re.Match[str]) -> str:
    style = f"font-weight: bold; color: {CODES[match[1]]}"
    return f'<span style="{style}">{match[2]}</span>'
