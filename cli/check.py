"""`archspec check`: report the errors in specs."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from archspec.catalog import specs_in
from archspec.checker import check_sizes
from archspec.compiler import Options
from archspec.diagnostics.diagnostic import Diagnostic, Severity
from archspec.diagnostics.machine_formats import render_concise, render_github, to_json
from archspec.diagnostics.terminal import printable
from archspec.family_check import FamilyResult, check_family
from archspec.passes.budget import over_budget
from archspec.sizes import SizesResult, parse_sizes
from archspec.spec import CheckResult

from .completion import complete_spec
from .exit_codes import FAILURE, USAGE, exit_code, stop
from .options import InputOption, SetOption, VariantOption, format_option
from .spec_loading import note_namesake

Result = FamilyResult | SizesResult

COUNT = re.compile(r"(\d+(?:\.\d+)?)(?:e(\d\d?)|([kmg]?))", re.IGNORECASE)
OVER_BUDGET = "over-budget"
UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


def check(
    specs: Annotated[
        list[str],
        typer.Argument(
            metavar="SPEC...",
            autocompletion=complete_spec,
            help="Spec files, folders of them, bundled specs' names; `-` reads stdin.",
        ),
    ],
    format_: Annotated[
        Literal["full", "concise", "json", "github"], format_option()
    ] = "full",
    sizes: Annotated[
        str | None,
        typer.Option(
            metavar="FROM..TO",
            help="List the sizes of square images that the network accepts, e.g. "
            "`1..512`, without its shape assertions.",
        ),
    ] = None,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Write the unambiguous fixes."),
    ] = False,
    diff: Annotated[
        bool,
        typer.Option(
            "--diff", help="Show the changes of `--fix` without writing them."
        ),
    ] = False,
    pick: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Choose the N-th fix of the first finding, with `--fix` or `--diff`.",
        ),
    ] = None,
    max_params: Annotated[
        str | None,
        typer.Option(metavar="N", help="Limit of parameters, e.g. `5M`."),
    ] = None,
    max_macs: Annotated[
        str | None,
        typer.Option(metavar="N", help="Limit of MACs for one input, e.g. `300M`."),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print findings only.")
    ] = False,
    overrides: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
) -> None:
    """Check specs: names, arguments, and every shape."""
    limits = {
        what: _parsed_count(text, flag)
        for what, text, flag in (
            ("parameters", max_params, "--max-params"),
            ("MACs", max_macs, "--max-macs"),
        )
        if text is not None
    }
    if pick and not (fix or diff):
        stop("`--pick` chooses a fix: add `--fix` or `--diff`", USAGE)
    specs = [*_expanded(specs)]
    for spec in specs:
        note_namesake(spec)
    if fix or diff:
        from .fixes import fix_spec

        options = Options(variant, input_ or (), overrides or ())
        done = [fix_spec(s, options, pick=pick, writes=not diff) for s in specs]
        if text := "\n".join(filter(None, done)):
            print(text)
    ask: Callable[..., Result] = check_family
    if sizes is not None:
        ask = partial(check_sizes, sizes=_parsed(sizes))
    results = [
        ask(spec, overrides=overrides or (), input=input_, variant=variant)
        for spec in specs
    ]
    results = [_within(limits, result) for result in results]
    text = _render(results, format_, quiet=quiet)
    if text:
        print(text)
    if not all(result.ok for result in results):
        code = max(exit_code(result.diagnostics) for result in results)
        raise typer.Exit(code or FAILURE)  # no size is accepted


def _expanded(specs: list[str]) -> Iterator[str]:
    """The specs, with those in a folder in its place."""
    for spec in specs:
        if not Path(spec).is_dir():
            yield spec
            continue
        found = [str(path) for path in specs_in(Path(spec))]
        if not found:
            stop(
                f"`{spec}` contains no spec: expected a YAML file with the key `archspec`",
                USAGE,
            )
        yield from found


def _parsed_count(text: str, flag: str) -> int:
    """Parse `300M`, `1.5G`, `1e6` or `61,706`."""
    match = COUNT.fullmatch(text.replace(",", ""))
    if match is None:
        stop(
            f"expected a count such as `5M`, `300k` or `61706` for `{flag}`, "
            f"found `{text}`",
            USAGE,
        )
    number, exponent, unit = match.groups(default="")
    return round(float(f"{number}e{exponent or 0}") * UNITS[unit.lower()])


def _within(limits: Mapping[str, int], result: Result) -> Result:
    """A result with an error for each limit that one of its networks exceeds."""
    if not isinstance(result, FamilyResult) or not limits:
        return result
    own = _limited(limits, result.own)
    variants = {name: _limited(limits, r) for name, r in result.variants.items()}
    found: dict[object, Diagnostic] = {}
    for each in (own, *variants.values()):
        for excess in each.diagnostics:
            if excess.code == OVER_BUDGET:  # alike in networks that differ in name only
                found.setdefault((excess.primary, excess.related), excess)
    diagnostics = (*result.diagnostics, *found.values())
    return FamilyResult(result.name, diagnostics, own, variants)


def _limited(limits: Mapping[str, int], result: CheckResult) -> CheckResult:
    """A result with an error for each limit that its network exceeds."""
    if not (result.ok and result.graph and result.source):
        return result
    found = over_budget(result.graph, result.source, limits)
    return replace(result, diagnostics=(*result.diagnostics, *found))


def _parsed(sizes: str) -> range:
    try:
        return parse_sizes(sizes)
    except ValueError as error:
        stop(str(error), USAGE)


def _render(results: list[Result], format_: str, *, quiet: bool) -> str:
    match format_:
        case "json":
            return json.dumps({"files": _files(results)}, indent=2)
        case "concise":
            parts = [render_concise(_findings(results)), *_size_reports(results)]
        case "github":
            reports = [render_github(r.diagnostics, r.name) for r in results]
            lines = [line for report in reports for line in report.split("\n")]
            parts = [*dict.fromkeys(lines), *_size_reports(results)]
        case "full":
            parts = [_report(_findings(results))]
            if not quiet:
                parts += [_verdict(r) for r in results if isinstance(r, FamilyResult)]
            parts += _size_reports(results)
    return "\n".join(part for part in parts if part)


def _report(diagnostics: list[Diagnostic]) -> str:
    """Render the findings, if there are any: a sound spec imports no renderer."""
    if not diagnostics:
        return ""
    from archspec.diagnostics.render import render_for

    return render_for(sys.stdout, diagnostics)


def _findings(results: list[Result]) -> list[Diagnostic]:
    """Return each finding once, although several specs may import the same file."""
    return list(dict.fromkeys(d for result in results for d in result.diagnostics))


def _files(results: list[Result]) -> list[dict[str, object]]:
    """Return an entry for each checked file, and for each other file with findings."""
    found: dict[str, dict[Diagnostic, None]] = {result.name: {} for result in results}
    for result in results:
        for diagnostic in result.diagnostics:
            found.setdefault(_file(diagnostic, result), {})[diagnostic] = None
    failed = {result.name for result in results if not result.ok}
    failed |= {n for n, here in found.items() if any(d.is_error for d in here)}
    more = {
        r.name: _sizes(r) if isinstance(r, SizesResult) else _costs(r) for r in results
    }
    return [
        {
            "file": name,
            "ok": name not in failed,
            **more.get(name, {}),
            "diagnostics": [*map(to_json, here)],
        }
        for name, here in found.items()
    ]


def _file(diagnostic: Diagnostic, result: Result) -> str:
    source = diagnostic.primary.span.source
    return result.name if source.is_argument else source.name


def _costs(result: FamilyResult) -> dict[str, object]:
    """The costs of a network without errors, and those of its variants."""
    costs = _costs_of(result.own)
    variants = {name: _costs_of(each) for name, each in result.variants.items()}
    return costs | ({"variants": variants} if variants else {})


def _costs_of(result: CheckResult) -> dict[str, object]:
    graph = result.graph if result.ok else None
    return {"params": graph.parameters, "macs": graph.macs} if graph else {}


def _sizes(result: SizesResult) -> dict[str, object]:
    """Return the first and last size of each range, and why their neighbors fail."""
    return {
        "sizes": [[sizes[0], sizes[-1]] for sizes in result.ranges],
        "reasons": [{"size": n, **to_json(d)} for n, d in result.reasons.items()],
    }


def _size_reports(results: list[Result]) -> list[str]:
    asked = [result for result in results if isinstance(result, SizesResult)]
    return [line for result in asked for line in _size_report(result)]


def _size_report(result: SizesResult) -> list[str]:
    """Return lines with the valid sizes, and why their neighbors fail."""
    nothing = "it has no `net`" if result.ok else "no valid size"
    ranges = [str(r[0]) if len(r) == 1 else f"{r[0]}..{r[-1]}" for r in result.ranges]
    valid = f"valid sizes {', '.join(ranges)}"
    return [
        f"{printable(result.name)}: {valid if ranges else nothing}",
        *(f"  {n}: {render_concise([d])}" for n, d in result.reasons.items()),
    ]


def _verdict(result: FamilyResult) -> str:
    parts = ["ok"] if result.ok else []
    if spec := result.own.spec:
        parts.append(f"{spec.params:,} parameters")
        shapes = spec.outputs.values()
        parts.append(f"output {', '.join(str([*each]) for each in shapes)}")
    for severity, number in Counter(_severities(result.diagnostics)).items():
        parts.append(f"{number} {severity}{'s' * (number > 1)}")
    return f"{printable(result.name)}: {', '.join(parts)}{_of_variants(result)}"


def _of_variants(result: FamilyResult) -> str:
    """How many variants are ok: `; 3 of 4 variants ok`."""
    total = len(result.variants)
    valid = sum(each.ok for each in result.variants.values())
    if not total:
        return ""
    count = str(total) if valid == total else f"{valid} of {total}"
    return f"; {count} variant{'s' * (total > 1)} ok"


def _severities(diagnostics: Iterable[Diagnostic]) -> list[Severity]:
    return sorted(diagnostic.severity for diagnostic in diagnostics)
