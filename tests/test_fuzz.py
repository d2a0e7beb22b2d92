"""Whatever the text, checking it ends soon, with findings and without an exception.

`FUZZ_EXAMPLES=20000 pytest tests/test_fuzz.py` tries more.
"""

from __future__ import annotations

import os
import re
from zlib import crc32

import yaml
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

import harness
from archspec.catalog import bundled
from archspec.checker import check_source
from archspec.compiler import Options, compile_source
from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.machine_formats import render_concise, render_github, to_json
from archspec.diagnostics.render import render_full
from archspec.diagnostics.source import Source
from archspec.frontend.source_files import decode
from archspec.spec import CheckResult
from deadline import TooSlow, deadline

LIMIT = 2.0  # seconds of the processor for one text
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
# The search for fixes takes most of the time: one text of so many has it.
FIXED = 1 if "FUZZ_EXAMPLES" in os.environ else 10
FILES = [*harness.invalid_cases(), *harness.valid_cases(), *bundled().values()]
CORPUS = sorted({path.read_bytes() for path in FILES})
TOKEN = re.compile(rb"\w+|\s+|[^\w\s]")
TOKENS = sorted({token for data in CORPUS for token in TOKEN.findall(data)})
fuzz = settings(
    max_examples=EXAMPLES,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


def assert_is_checked(text: str) -> None:
    """Checking a text ends soon, and what it finds can be shown."""
    try:
        with deadline(LIMIT):
            check_and_show(text)
    except TooSlow:  # or another process has slowed the processor down
        with deadline(LIMIT):
            check_and_show(text)


def check_and_show(text: str) -> None:
    source = Source("spec.yaml", text)
    result = checked(source)
    for diagnostic in result.diagnostics:
        for label in (diagnostic.primary, *diagnostic.related):
            span = label.span
            assert 0 <= span.start <= span.end <= len(span.source.text) + 3, diagnostic
            assert span.line >= 1
            assert span.column >= 1
        assert to_json(diagnostic)["message"]
    for report in (
        render_full(result.diagnostics, width=40),
        render_concise(result.diagnostics),
        render_github(result.diagnostics, source.name),
    ):
        assert bool(report) == bool(result.diagnostics)
    if result.ok and result.spec:
        assert all(
            size >= 0 for port in result.spec.graph.outputs for size in port.shape
        )


def checked(source: Source) -> CheckResult:
    if crc32(source.text.encode("utf-8", "surrogatepass")) % FIXED == 0:
        return check_source(source)
    return compile_source(source, None, Options(), Findings())


# --- bytes ---------------------------------------------------------------------------

PIECES = [
    *b"[](){}|:#&*!,-'\"\n\t >%@`0x\xff\x00",
    b"repeat: ", b"times: 3", b"concat:", b"- ", b": ", b"\n  ", b"ref(", b"conv(8, k=3)",
    b"9**9**9", b"cin", b"ch", b"{i}", b"->", b"true", b"yes", b"1e-3", b"&a ", b"*a",
    b"---\n", b"if: ", b"let: {a: 1}", b"aux: ", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\r\n", b"\x85",
]  # fmt: skip
PAYLOADS = [p if isinstance(p, bytes) else bytes([p]) for p in PIECES]


@st.composite
def mutated_cases(draw):
    """A file of the corpus, changed in a few places, or spliced with another."""
    data = draw(st.sampled_from(CORPUS))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 12)))
        kind = draw(
            st.sampled_from(["insert", "delete", "replace", "double", "splice"])
        )
        if kind == "insert":
            data = data[:at] + draw(st.sampled_from(PAYLOADS)) + data[at:]
        elif kind == "delete":
            data = data[:at] + data[end:]
        elif kind == "replace":
            data = data[:at] + draw(st.binary(max_size=3)) + data[end:]
        elif kind == "double":
            data = data[:end] + data[at:]
        else:
            other = draw(st.sampled_from(CORPUS))
            data = data[:at] + other[draw(st.integers(0, len(other))) :]
    return data


@st.composite
def recombined_cases(draw):
    """A file of the corpus in which some words are others of the corpus."""
    words = TOKEN.findall(draw(st.sampled_from(CORPUS)))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(words)))
        new = draw(st.lists(st.sampled_from(TOKENS), max_size=3))
        words[at : at + draw(st.integers(0, 2))] = new
    return b"".join(words)


@fuzz
@given(mutated_cases() | recombined_cases())
def test_mutated_cases(data):
    findings = Findings()
    source = decode(data, "spec.yaml", findings)
    if source is None:
        assert findings.has_errors
    else:
        assert_is_checked(source.text)


@fuzz
@given(st.text(max_size=60))
@example("\ufeff\ufeffnet: [relu]")
@example("\ud800")
@example("a: \x85b")
def test_any_text(text):
    assert_is_checked(text)


# --- structure -----------------------------------------------------------------------

KEYS = ["repeat", "collect", "each", "times", "for", "as", "if", "then", "else", "let",
        "concat", "add", "sub", "mul", "maximum", "split", "sizes", "aux", "stem", "x{i}",
        "x-{i + 1}", "i", "n", "(n, c)", "relu"]  # fmt: skip
CALLS = ["relu", "conv(8, k=3, p=1)", "conv(ch, k=1)", "unit(cin)", "ref(stem)", "flatten",
         "linear(10)", "unit", "n", "i + 1", "n > 1", "inception[(1, 2), 3]", "[1, 2]",
         "none", "tied(stem)", "tied(x{i})", "ref(stem.x{i - 1})", "crop_like(stem)", "unit(*t)",
         "bn(eps=1e-3)", "t[:2]", "(1, (2, 3))", "unit(8) -> [8, _, _]", "1 // 0", "bn | act", "", "maxpool(3, s=2)"]  # fmt: skip
leaves = st.one_of(
    st.sampled_from(CALLS),
    st.integers(-3, 10**19),
    st.floats(allow_nan=False),
    st.booleans(),
    st.none(),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    ),
    max_leaves=12,
)
documents = st.fixed_dictionaries(
    {"archspec": st.just(1), "input": st.just("3x16x16"), "net": trees},
    optional={
        "params": st.one_of(trees, st.just({"n": 2, "act": "relu"})),
        "blocks": st.one_of(
            trees, st.fixed_dictionaries({"unit(n, *, act=relu)": trees})
        ),
        "variants": trees,
        "outputs": trees
        | st.lists(st.sampled_from(["stem", "x0", "stem.x1", "none"]), max_size=3),
        "import": trees,
        "train": trees,
        "name": trees,
    },
)


@fuzz
@given(documents)
def test_any_structure(document):
    assert_is_checked(yaml.safe_dump(document, sort_keys=False))


# --- expressions ---------------------------------------------------------------------

atoms = st.sampled_from(
    ["1", "0", "-2", "2.5", "1e300", "true", '"a"', "(1, 2)", "()", "n", "cin", "ch", "relu",
     "999999999999999999", "same", "missing", "(n,)", "t", "t[0]"]
)  # fmt: skip
SIGNS = [
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "**",
    "<",
    "==",
    "!=",
    "and",
    "or",
    "if",
    "|",
    "=",
]
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(SIGNS), inner).map(" ".join),
        inner.map("({})".format),
        inner.map("not {}".format),
        inner.map("-{}".format),
        st.tuples(inner, inner).map("{0[0]}[{0[1]}]".format),
        st.tuples(inner, inner, inner).map("{0[0]} if {0[1]} else {0[2]}".format),
        st.tuples(
            st.sampled_from(["min", "max", "round", "len", "range", "int", "abs"]),
            st.lists(inner, max_size=3).map(", ".join),
        ).map("{0[0]}({0[1]})".format),
    ),
    max_leaves=8,
)


@fuzz
@given(expressions, expressions)
def test_any_expression(one, other):
    text = (
        "archspec: 1\ninput: 3x8x8\nparams: {n: 2, t: [1, 2]}\n"
        f"blocks:\n  unit(a, *, b={other}):\n    - let: {{w: {one!r}}}\n"
        f"    - conv(a, k=b) | conv({one}, k=({other}, 1))\n"
        f"net:\n  - unit({one})\n  - repeat: relu\n    times: {other}\n"
        f"  - if: {one}\n    then: conv({other}, k=1) -> [{one}, _, _]\n"
    )
    assert_is_checked(text)
