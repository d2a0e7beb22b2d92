"""A spec file is its own test: comments in it say what checking it must find.

`# error: 5 [unknown-op] "no op"` stands on the line of the diagnostic, with its column
(which may be left out), its code and a part of its message; `# warning:` is the same
for what does not stop the compiler. `# fix: cnov => conv` behind it is what the help
proposes: applied to that line, the diagnostic is gone.
`# shape: [96, 54, 54]` stands on a step of a valid spec, and `# names: stem.0, stem.1`
on the calls of layers, whose names in the state dict these are.
`# arguments: --set a=1 --variant b` gives options; findings about them belong to it.
"""

from __future__ import annotations

import re
import shlex
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from archspec.checker import check
from archspec.compiler import Options, compile_source
from archspec.diagnostics.diagnostic import Diagnostic, Findings, Severity
from archspec.frontend.source_files import read_source
from archspec.ir.graph import Joined, Layer, Module, walk
from archspec.spec import CheckResult, Spec

CASES = Path(__file__).parent / "cases"

ERROR = re.compile(r'# (error|warning): (?:(\d+) )?\[([a-z0-9-]+)\] "([^"]*)"')
FIX = re.compile(r"^ # fix: (.*?) =>(?: (.*?))?(?= # error:| # warning:|$)")
SHAPE = re.compile(r"# shape: \[([0-9, ]+)\]")
NAMES = re.compile(r"# names: ([\w., -]+)$")
ARGUMENTS = re.compile(r"^# arguments: (.*?)(?= # error:| # warning:|$)", re.MULTILINE)
PART = re.compile(r"parts/[a-z_]+\.yaml")


@dataclass(frozen=True)
class Expected:
    """A comment: what must be found in its line."""

    path: Path
    line: int
    column: int | None
    code: str
    part: str
    is_warning: bool
    fix: tuple[str, str] | None = None

    def matches(self, found: Diagnostic) -> bool:
        span = found.primary.span
        at = Path(span.source.name)
        if span.source.name.startswith("--"):  # about an option
            at, line = self.path, arguments_line(self.path)
        else:
            line = span.line
        return (
            at == self.path
            and line == self.line
            and self.column in (None, span.column)
            and self.code == found.code
            and self.part in found.message
            and self.is_warning == (found.severity is Severity.WARNING)
        )

    def __str__(self) -> str:
        return f'{self.path.name}:{self.line}:{self.column} [{self.code}] "{self.part}"'


def invalid_cases() -> list[Path]:
    return sorted((CASES / "invalid").glob("*/*.yaml"))


def valid_cases() -> list[Path]:
    return sorted((CASES / "valid").glob("*.yaml"))


def arguments(path: Path) -> dict[str, Any]:
    """The options that a case is checked with."""
    found = ARGUMENTS.search(path.read_text())
    words = shlex.split(found.group(1)) if found else []
    options: dict[str, Any] = {"overrides": []}
    for flag, value in zip(words[::2], words[1::2], strict=True):
        if flag == "--set":
            options["overrides"].append(value)
        else:
            options[flag.removeprefix("--")] = value
    return options


def arguments_line(path: Path) -> int:
    lines = path.read_text().splitlines()
    return next(n for n, line in enumerate(lines, 1) if ARGUMENTS.match(line))


def check_case(path: Path) -> CheckResult:
    return check(path, **arguments(path))


def compiled_case(path: Path) -> CheckResult:
    """The same without the search for fixes, which takes most of the time."""
    findings = Findings()
    source = read_source(path, str(path), findings)
    if source is None:
        return CheckResult(str(path), tuple(findings), None)
    return compile_source(source, path.parent, options(path), findings)


def options(path: Path) -> Options:
    """The options that a case is compiled with."""
    given = arguments(path)
    inputs = [given.pop("input")] if "input" in given else []
    return Options(inputs=inputs, **given)


@cache
def checked(case: Path) -> CheckResult:
    """The result of checking a case as it is, which several tests look at."""
    return check_case(case)


def expected_errors(path: Path) -> list[Expected]:
    """The comments of a file, and of the files it imports from `parts/`."""
    files = [path]
    for file in files:
        parts = PART.findall(file.read_text())
        files += [file.parent / p for p in parts if (file.parent / p).is_file()]
        if file.parent.name == "parts":
            files += [
                other
                for other in sorted(file.parent.glob("*.yaml"))
                if f"import: {other.name}" in file.read_text() and other not in files
            ]
    return [error for file in files for error in _comments(file)]


def _comments(path: Path) -> list[Expected]:
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        for match in ERROR.finditer(line):
            column = int(match.group(2)) if match.group(2) else None
            fix = FIX.match(line[match.end() :])
            found.append(
                Expected(
                    path,
                    number,
                    column,
                    match.group(3),
                    match.group(4),
                    match.group(1) == "warning",
                    (fix.group(1), fix.group(2) or "") if fix else None,
                )
            )
    return found


def unmatched(expected: list[Expected], found: tuple[Diagnostic, ...]) -> list[str]:
    """What one side has and the other has not."""
    left = list(found)
    problems = []
    for error in expected:
        match = next((d for d in left if error.matches(d)), None)
        if match is None:
            problems.append(f"missing: {error}")
        else:
            left.remove(match)
    return problems + [f"unexpected: {describe(d)}" for d in left]


def describe(diagnostic: Diagnostic) -> str:
    span = diagnostic.primary.span
    return (
        f"{Path(span.source.name).name}:{span.line}:{span.column} "
        f'[{diagnostic.code}] "{diagnostic.message}"'
    )


def without_fault(error: Expected, case: Path, folder: Path) -> CheckResult:
    """The result of checking a copy of a case in which a fix is applied."""
    assert error.fix
    copy = folder / "copy"
    shutil.copytree(case.parent, copy)
    target = copy / error.path.relative_to(case.parent)
    lines = target.read_text().split("\n")
    old, new = error.fix
    code, comment, rest = lines[error.line - 1].partition(" # ")
    if old not in code:
        raise AssertionError(f"`{old}` is not in line {error.line} of {error.path}")
    lines[error.line - 1] = code.replace(old, new, 1) + comment + rest
    target.write_text("\n".join(lines))
    return check_case(copy / case.name)


def shapes_by_line(spec: Spec) -> dict[int, tuple[int, ...]]:
    """The shape that the last step of each line makes."""
    source = spec.document.source
    found = {}
    for item in walk(spec.graph.body):
        if isinstance(item, Layer | Joined):
            span, value = item.node.span, item.node.output
        elif isinstance(item, Module):
            span, value = item.span, item.output
        else:
            continue
        if span.source is source and value.shape:
            found[span.line] = tuple(int(size) for size in value.shape)
    return found


def expected_shapes(path: Path) -> dict[int, tuple[int, ...]]:
    return {
        number: tuple(int(size) for size in match.group(1).split(","))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (match := SHAPE.search(line))
    }


def names_by_line(spec: Spec) -> dict[int, list[str]]:
    """The names in the state dict of the layers that each line calls."""
    found: dict[int, list[str]] = {}
    for layer in spec.layers:
        if layer.span.source is spec.document.source:
            found.setdefault(layer.span.line, []).append(layer.path)
    return found


def expected_names(path: Path) -> dict[int, list[str]]:
    return {
        number: match.group(1).split(", ")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (match := NAMES.search(line))
    }
