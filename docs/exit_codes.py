"""Print the table of exit codes, as Markdown for docs/diagnostics.md."""

from __future__ import annotations

from archspec.cli.exit_codes import EXIT_CODES

print("| exit code | means |\n|---:|---|")
for code, meaning in EXIT_CODES.items():
    print(f"| {code} | {meaning} |")
