"""The public check: what the compiler finds, with the fixes that repair proposes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from archspec.catalog import Entry, find_spec
from archspec.compiler import (
    Options,
    compile_again,
    compile_sizes,
    compile_source,
    try_shapes,
)
from archspec.diagnostics.diagnostic import Diagnostic, Findings, TooMany
from archspec.diagnostics.source import Source
from archspec.frontend.ast import Document
from archspec.frontend.document_parser import parse_document
from archspec.frontend.source_files import read_source
from archspec.ir.garbage_collection import collector_paused
from archspec.ir.graph import Graph
from archspec.lowering.block_outputs import BlockOutputs
from archspec.sizes import SizesResult
from archspec.spec import CheckResult, Spec

Input = str | tuple[int, ...] | list[str] | Mapping[str, str | tuple[int, ...]]


def check(
    spec: str | Path,
    *,
    variant: str | None = None,
    input: Input | None = None,  # the language's word
    overrides: Sequence[str] = (),
    train: Mapping[str, str] | None = None,
    **params: Any,
) -> CheckResult:
    """Check a spec: names, arguments, and every shape.

    >>> archspec.check("lenet", classes=3).spec.output_shape
    (3,)

    Args:
        spec: a path, or the name of a bundled spec or variant.
        variant: the name of a variant of the spec, a set of params.
        input: replaces the spec's own, as `3x224x224` or `(3, 224, 224)`; with several
            inputs by name, as `{"image": (3, 224, 224)}`, or a list of texts, as of
            `--input`.
        overrides: `name=value` texts, as of `--set`.
        train: replaces calls of the `train:` section, as
            `{"optimizer": "sgd(lr=0.1)"}`.
        params: the params to change, such as `classes=3`, as Python values.

    Returns:
        The findings, also for a missing or invalid file: `check` does not raise an
        error. The result is true without errors.
    """
    findings = Findings()
    found = find_source(spec, variant, findings)
    if found is None:
        return CheckResult(str(spec), tuple(findings), None)
    entry, source = found
    options = Options(
        variant=entry.variant,
        inputs=input_texts(input),
        overrides=overrides,
        params=params,
        train=train,
    )
    result = _fixed(source, entry.path.parent, options, findings)
    return replace(result, name=entry.title)


def input_texts(input: Input | None) -> list[str]:
    """The input as values of `--input`."""
    match input:
        case None:
            return []
        case str():
            return [input]
        case tuple():
            return ["x".join(map(str, input))]
        case list():
            return input
    return [
        f"{name}={text}" for name, each in input.items() for text in input_texts(each)
    ]


def check_source(
    source: Source, *, folder: Path | None = None, options: Options | None = None
) -> CheckResult:
    """Check the text of a spec; imports are relative to `folder`."""
    return _fixed(source, folder, options or Options(), Findings())


def load(
    spec: str | Path,
    *,
    variant: str | None = None,
    input: Input | None = None,
    **params: Any,
) -> Spec:
    """Load a spec, checked.

    >>> spec = archspec.load("torchvision/resnet50", classes=3)
    >>> spec.input_shape, spec.output_shape
    ((3, 224, 224), (3,))

    Args:
        spec: a path, or the name of a bundled spec or variant.
        variant: the name of a variant of the spec.
        input: replaces the spec's own, as `(3, 64, 64)`: channels first, no batch.
        params: the params to change, such as `classes=3`.

    Raises:
        SpecError: if the spec has errors. Its `str()` is the report.
    """
    return check(spec, variant=variant, input=input, **params).require()


def loads(
    text: str,
    *,
    variant: str | None = None,
    input: Input | None = None,
    **params: Any,
) -> Spec:
    """Load a spec from its text.

    >>> text = "{archspec: 1, input: 1x8x8, net: [flatten, linear(10)]}"
    >>> archspec.loads(text).params
    650

    Args:
        text: the spec. It may import bundled specs, but no files.
        variant: the name of a variant of the spec.
        input: replaces the spec's own, as `(3, 64, 64)`: channels first, no batch.
        params: the params to change, such as `classes=3`.

    Raises:
        SpecError: if the spec has errors. Its `str()` is the report.
    """
    options = Options(variant, input_texts(input), params=params)
    return check_source(Source("spec", text), options=options).require()


def check_sizes(
    spec: str | Path,
    sizes: range,
    *,
    variant: str | None = None,
    input: Input | None = None,
    overrides: Sequence[str] = (),
) -> SizesResult:
    """For which heights and widths of square images a spec checks.

    Its shape assertions are ignored, since they are about one size.
    """
    findings = Findings()
    found = find_source(spec, variant, findings)
    if found is None:
        return SizesResult(str(spec), tuple(findings))
    entry, source = found
    options = Options(entry.variant, input_texts(input), overrides)
    folder = entry.path.parent
    result = compile_sizes(source, folder, options, sizes, findings)
    return result._replace(name=entry.title)


def _fixed(
    source: Source, folder: Path | None, options: Options, findings: Findings
) -> CheckResult:
    """Compile a spec, with the fixes that work for what is wrong."""
    result = compile_source(source, folder, options, findings)
    if result.ok and not any(each.numbers for each in result.diagnostics):
        return result
    from archspec.repair.verification import Verification

    def check_again(
        source: Source, variant: str | None, findings: Findings
    ) -> Graph | None:
        chosen = options._replace(variant=variant)
        return compile_again(source, folder, chosen, findings, lints=result.ok)

    def try_again(tree: Document, findings: Findings, known: BlockOutputs) -> None:
        try_shapes(tree, folder, options, findings, known)

    with collector_paused():
        document = None
        with suppress(TooMany):
            document = parse_document(source, Findings())
        variants = [None, *document.variants] if document else []  # else none was valid
        caused = _caused_by_params(result, source, folder, options)
        verification = Verification(
            source,
            document,
            check_again,
            try_again,
            options.variant,
            [each for each in variants if each != options.variant],
            [*caused.values()],
        )
        found = [caused.get(each, each) for each in result.diagnostics]
        return replace(result, diagnostics=verification.with_fixes(found))


def _caused_by_params(
    result: CheckResult, source: Source, folder: Path | None, options: Options
) -> dict[Diagnostic, Diagnostic]:
    """The findings that a spec has only with other params, with a note that names them."""
    given = [*options.overrides]
    given += [f"{name}={value!r}" for name, value in (options.params or {}).items()]
    if not given:
        return {}
    alone = options._replace(overrides=(), params=None)
    own = compile_source(source, folder, alone, Findings()).diagnostics
    places = {(each.code, each.primary.span) for each in own}
    texts = " ".join(f"--set {text}" for text in given)
    note = f"without `{texts}`, the spec does not have this "
    return {
        each: replace(each, notes=(*each.notes, note + each.severity))
        for each in result.diagnostics
        if (each.code, each.primary.span) not in places
    }


def find_source(
    spec: str | Path, variant: str | None, findings: Findings
) -> tuple[Entry, Source] | None:
    """A spec's file and its text."""
    entry = find_spec(str(spec), findings, variant)
    source = read_source(entry.path, entry.name, findings) if entry else None
    return (entry, source) if entry and source else None
