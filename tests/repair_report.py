"""How well `check` repairs faults that people make, as a table: `make repair`.

Each fault is a mutation of a sound spec that `check` reports; `mutations` has the kinds,
of which all have an equal share. `--faults 200` measures fewer.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import chain, zip_longest
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from archspec.checker import check_source
from archspec.compiler import Options, compile_source
from archspec.diagnostics.diagnostic import Diagnostic, Findings, Fix
from archspec.diagnostics.source import Source
from archspec.fixing import fix_source
from archspec.frontend.document_parser import parse_document
from archspec.ir.garbage_collection import collector_paused
from archspec.repair.trial import apply_edits
from archspec.spec import CheckResult
from mutations import KINDS, SPECS, Mutation, mutations


class Outcome(NamedTuple):
    """What a report offers for one fault."""

    fault: Mutation
    fixes: int
    broken: int
    """Fixes that leave their finding, or bring another."""

    rank: int | None
    """Of the fix that restores the layers, from 1."""

    written: bool | None
    """Whether `--fix` restores the layers; None if it writes nothing."""

    errors: int
    extra: float
    """Seconds of the report beyond checking every variant."""


def faults(number: int) -> list[Mutation]:
    """Mutations that are errors, in turns of kind and of spec."""
    by_kind: dict[str, list[list[Mutation]]] = {name: [] for name in KINDS}
    for path in SPECS:
        found: dict[str, list[Mutation]] = {}
        for each in mutations(path):
            found.setdefault(each.kind, []).append(each)
        for name, here in found.items():
            by_kind[name].append(here)
    for name, specs in by_kind.items():
        random.Random(name).shuffle(specs)
    streams = {name: in_turns(specs) for name, specs in by_kind.items()}
    found_: list[Mutation] = []
    while streams and len(found_) < number:
        for name, stream in [*streams.items()]:
            fault = next((m for m in stream if not compiled(m.path, m.text).ok), None)
            if fault is None:
                del streams[name]
            elif len(found_) < number:
                found_.append(fault)
    return found_


def in_turns(lists: list[list[Mutation]]) -> Iterator[Mutation]:
    return (each for row in zip_longest(*lists) for each in row if each)


def compiled(path: Path, text: str, variant: str | None = None) -> CheckResult:
    source = Source(str(path), text)
    return compile_source(source, path.parent, Options(variant=variant), Findings())


def outcome(fault: Mutation) -> Outcome:
    source = Source(str(fault.path), fault.text)
    with collector_paused():  # it would walk all that earlier faults have left
        start = time.process_time()
        before = {
            variant: compiled(fault.path, fault.text, variant)
            for variant in variants(source)
        }
        checking = time.process_time() - start
        start = time.process_time()
        result = check_source(source, folder=fault.path.parent)
        extra = time.process_time() - start - checking
    wanted = wanted_layers(fault.path)
    tried = [
        (d, fix, tried_fix(source, fix)) for d in result.diagnostics for fix in d.fixes
    ]
    works = [
        is_sound(fix, finding, result, before, source) for finding, fix, _ in tried
    ]
    ranks = [d.fixes.index(fix) + 1 for d, fix, network in tried if network == wanted]
    return Outcome(
        fault,
        len(tried),
        works.count(False),
        min(ranks, default=None),
        is_written_right(source, result, wanted),
        sum(d.is_error for d in result.diagnostics),
        extra,
    )


@cache
def wanted_layers(path: Path) -> object:
    return layers(compiled(path, path.read_text()))


def variants(source: Source) -> list[str | None]:
    document = parse_document(source, Findings())
    return [None, *(document.variants if document else ())]


def tried_fix(source: Source, fix: Fix) -> object:
    return layers(compiled(Path(source.name), apply_edits(source, fix.edits).text))


def layers(result: CheckResult) -> object:
    """What a network is, whatever its text."""
    nodes = result.spec.graph.nodes if result.spec else None
    return nodes and [(n.op, n.output.shape, n.parameters) for n in nodes]


def is_sound(
    fix: Fix,
    finding: Diagnostic,
    result: CheckResult,
    before: dict[str | None, CheckResult],
    source: Source,
) -> bool:
    """Whether the finding is gone and nothing else came, in all variants."""
    text = apply_edits(source, fix.edits).text
    after = compiled(Path(source.name), text)
    old, new = errors(result), errors(after)
    if not new <= old or new[key(finding)] >= old[key(finding)]:
        return False
    valid = (name for name, each in before.items() if each.ok)
    return all(compiled(Path(source.name), text, name).ok for name in valid)


def errors(result: CheckResult) -> Counter[tuple[str, str]]:
    return Counter(key(d) for d in result.diagnostics if d.is_error)


def key(finding: Diagnostic) -> tuple[str, str]:
    return finding.code, finding.message


def is_written_right(
    source: Source, result: CheckResult, wanted: object
) -> bool | None:
    if not any(d.fixes and d.fixes[0].is_strong for d in result.diagnostics):
        return None
    fixed = fix_source(source, folder=Path(source.name).parent)
    return layers(fixed.result.own) == wanted if fixed.applied else None


# --- the table ---


def table(outcomes: list[Outcome]) -> Iterator[str]:
    yield "| kind | faults | any fix | first correct | top three correct | auto-fixed | auto-fix correct |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for name in KINDS:
        yield row(name, [o for o in outcomes if o.fault.kind == name])
    yield row("all", outcomes)


def row(name: str, outcomes: list[Outcome]) -> str:
    if not outcomes:
        return f"| {name} | 0 |"
    written = [o.written for o in outcomes if o.written is not None]
    shares = (
        share([o.fixes > 0 for o in outcomes]),
        share([o.rank == 1 for o in outcomes]),
        share([o.rank is not None and o.rank <= 3 for o in outcomes]),
        share([o.written is not None for o in outcomes]),
        share(written),
    )
    return f"| {name} | {len(outcomes)} | {' | '.join(shares)} |"


def share(found: list[bool]) -> str:
    return f"{100 * mean(found):.0f} %" if found else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=2000)
    parser.add_argument("--failures", help="a file for the faults not restored")
    given = parser.parse_args()
    outcomes = []
    with ProcessPoolExecutor() as pool:
        for each in pool.map(outcome, faults(given.faults), chunksize=5):
            outcomes.append(each)
            if len(outcomes) % 100 == 0:
                print(len(outcomes), file=sys.stderr)
    print("\n".join(table(outcomes)))
    fixes, broken = sum(o.fixes for o in outcomes), sum(o.broken for o in outcomes)
    times = sorted(1000 * o.extra for o in outcomes)
    at = {
        n: times[min(int(len(times) * n / 100), len(times) - 1)] for n in (50, 95, 100)
    }
    several = share([o.errors > 1 for o in outcomes])
    print(f"\n{fixes:,} fixes, of which {broken} do not pass the check again")
    print(f"{several} of the faults give more than one error")
    print(", ".join(f"{n} % within {t:.0f} ms" for n, t in at.items()))
    if given.failures:
        lines = chain.from_iterable(map(failure, outcomes))
        Path(given.failures).write_text("\n".join(lines))


def failure(outcome: Outcome) -> Iterator[str]:
    """The change that broke a spec, and what was offered."""
    if outcome.rank == 1 and outcome.written is not False and not outcome.broken:
        return
    fault = outcome.fault
    yield f"== {fault.kind}: {fault.path.name} rank {outcome.rank} written {outcome.written} extra {outcome.extra:.2f} broken {outcome.broken}"
    import difflib

    old, new = fault.path.read_text(), fault.text
    changed = difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
    yield from [
        line for line in changed if line[:3] not in ("---", "+++") and line[:2] != "@@"
    ]
    for each in check_source(
        Source(str(fault.path), fault.text), folder=fault.path.parent
    ).diagnostics:
        if each.is_error:
            yield f"  {each.primary.span.line}: {each.code}: {each.message} help {each.help}"
            for fix in each.fixes:
                edits = [(e.span.text, e.text) for e in fix.edits]
                yield f"     fix{'*' * fix.is_strong} {fix.title} {edits}"


if __name__ == "__main__":
    main()
