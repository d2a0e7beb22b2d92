from __future__ import annotations

import io
import textwrap

import pytest

from archspec.diagnostics.diagnostic import Diagnostic, Label, Severity
from archspec.diagnostics.machine_formats import render_concise, render_github, to_json
from archspec.diagnostics.render import render_full
from archspec.diagnostics.source import Source, Span
from archspec.diagnostics.terminal import cells, use_color
from specs import check

TEXT = "net:\n  - conv(8, k=3)\n  - relu\n  - conv(16, k=3)\n"
SOURCE = Source("a.yaml", TEXT)


def spot(text: str, source: Source, nth: int = 0) -> Span:
    """The place of a piece of text."""
    start = -1
    for _ in range(nth + 1):
        start = source.text.index(text, start + 1)
    return source.span(start, start + len(text))


def finding(source: Source, place: str, **parts) -> Diagnostic:
    label = Label(spot(place, source), parts.pop("label", ""))
    return Diagnostic("unknown-op", "a headline", label, **parts)


def framed(diagnostic: Diagnostic, width: int | None = None) -> str:
    return render_full([diagnostic], width=width)


def lines(text: str) -> str:
    return textwrap.dedent(text).strip("\n")


def test_the_report_of_the_design():
    """The example of the design, with the numbers of its fixes."""
    spec = """\
archspec: 1
name: nin
about: Network in Network (Lin et al., 2013), as in Dive into Deep Learning 8.3
input: 1x224x224
params: {classes: 10}

blocks:
  nin_block(cout, *, k, s=1, p=0):
    - conv(cout, k=k, s=s, p=p) | relu
    - conv(cout, k=1) | relu
    - conv(cout, k=1) | relu



net:
  - nin_block(1, 96, k=11, s=4)
  - maxpool(3, s=2)
  - nin_block(64, 256, k=5, p=2)
"""
    result = check(spec, file="specs/nin.yaml")
    assert render_full(result.diagnostics) == lines("""
        error[channel-mismatch]: expected 64 input channels for `nin_block`, found 96
          --> specs/nin.yaml:18:15
           |
        16 |   - nin_block(1, 96, k=11, s=4)
           |     --------------------------- output [96, 54, 54]
           ...
        18 |   - nin_block(64, 256, k=5, p=2)
           |               ^^ given 64
           |
           = fix 1: write `nin_block(96, 256, k=5, p=2)`, or omit the input channels
           = fix 2: write `nin_block(1, 64, k=11, s=4)` in line 16
    """)


def test_a_finding_alone():
    assert framed(finding(SOURCE, "relu")) == lines("""
        error[unknown-op]: a headline
         --> a.yaml:3:5
          |
        3 |   - relu
          |     ^^^^
    """)


def test_notes_come_before_help_and_may_have_lines():
    found = finding(SOURCE, "relu", notes=("one",), help=("two\nlines", "three"))
    assert framed(found) == lines("""
        error[unknown-op]: a headline
         --> a.yaml:3:5
          |
        3 |   - relu
          |     ^^^^
          |
          = note: one
          = help: two
                  lines
          = help: three
    """)


def test_two_labels_on_one_line():
    """The primary one comes last, next to what is said below."""
    other = Label(spot("k=3", SOURCE), "this one too")
    found = finding(SOURCE, "conv", label="this", related=(other,))
    assert framed(found) == lines("""
        error[unknown-op]: a headline
         --> a.yaml:2:5
          |
        2 |   - conv(8, k=3)
          |             --- this one too
          |     ^^^^ this
    """)


def test_two_labels_on_a_line_without_the_primary_keep_their_order():
    others = (Label(spot("conv", SOURCE), "one"), Label(spot("k=3", SOURCE), "two"))
    text = framed(finding(SOURCE, "relu", related=others))
    assert text.index("---- one") < text.index("--- two")


def test_neighboring_lines_need_no_dots():
    other = Label(spot("conv", SOURCE), "before")
    assert framed(finding(SOURCE, "relu", related=(other,))) == lines("""
        error[unknown-op]: a headline
         --> a.yaml:3:5
          |
        2 |   - conv(8, k=3)
          |     ---- before
        3 |   - relu
          |     ^^^^
    """)


def test_a_label_in_another_file():
    library = Source("blocks.yaml", "\n" * 11 + "unit(cout):\n")
    other = Label(spot("unit(cout)", library), "the signature")
    assert framed(finding(SOURCE, "relu", related=(other,))) == lines("""
        error[unknown-op]: a headline
          --> a.yaml:3:5
           |
         3 |   - relu
           |     ^^^^
          ::: blocks.yaml:12:1
           |
        12 | unit(cout):
           | ---------- the signature
    """)


def test_a_span_of_several_lines_is_marked_on_its_first():
    found = finding(SOURCE, "conv(8, k=3)\n  - relu", label="all of it")
    assert framed(found) == lines("""
        error[unknown-op]: a headline
         --> a.yaml:2:5
          |
        2 |   - conv(8, k=3)
          |     ^^^^^^^^^^^^ all of it
    """)


def test_a_place_behind_the_end_of_a_line():
    span = SOURCE.span(len(TEXT) - 1, len(TEXT) - 1)
    found = Diagnostic("invalid-syntax", "found the end", Label(span))
    assert framed(found) == lines("""
        error[invalid-syntax]: found the end
         --> a.yaml:4:18
          |
        4 |   - conv(16, k=3)
          |                  ^
    """)


def test_an_empty_file_has_no_excerpt():
    found = Diagnostic("empty-document", "empty", Label(Source("a", "").span(0, 0)))
    assert framed(found) == "error[empty-document]: empty\n --> a:1:1"


def test_tabs_take_one_column():
    source = Source("a.yaml", "net:\n\t- relu\n")
    assert framed(finding(source, "relu")) == lines("""
        error[unknown-op]: a headline
         --> a.yaml:2:4
          |
        2 |  - relu
          |    ^^^^
    """)


def test_wide_characters_take_two_columns_and_accents_none():
    source = Source("a.yaml", "about: 网络 e\u0301 relu\n")
    assert framed(finding(source, "relu")) == lines("""
        error[unknown-op]: a headline
         --> a.yaml:1:14
          |
        1 | about: 网络 e\u0301 relu
          |               ^^^^
    """)
    assert "^^^^\n" in framed(finding(source, "网络")) + "\n"


def test_what_is_drawn_over_another_character_takes_no_column():
    """A variation selector, and wide characters that no terminal shows."""
    source = Source("a.yaml", "about: \u2764\ufe0f \U0003fffd relu\n")
    excerpt, underline = framed(finding(source, "relu")).split("\n")[-2:]
    assert width(excerpt[: excerpt.index("relu")]) == underline.index("^")


def test_control_characters_are_replaced():
    """A spec is not to write to the terminal of its reader."""
    source = Source("a\x1b[2J.yaml", "about: \x1b[31mred\u202e relu\n")
    found = finding(source, "relu", label="\x07", help=("\x1b]0;title",))
    text = framed(found)
    assert text.isprintable() or set(text) - {"\n"} == set(
        filter(str.isprintable, text)
    )
    assert (
        "about: \N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER} relu" in text
    )


@pytest.mark.parametrize("place", ["start", "middle", "end"])
def test_long_lines_are_cut_around_the_place(place):
    text = "start " + "x" * 300 + " middle " + "y" * 300 + " end"
    found = finding(Source("a.yaml", text), place)
    *_, excerpt, underline = framed(found).split("\n")
    assert len(excerpt) < 130
    column = underline.index("^")
    assert excerpt[column : column + len(place)] == place
    assert underline.count("^") == len(place)
    assert excerpt.endswith("...") == (place != "end")
    assert excerpt.startswith("1 | ...") == (place != "start")


def test_a_second_label_outside_of_the_cut_keeps_its_message():
    text = "start " + "x" * 300 + " end"
    source = Source("a.yaml", text)
    other = Label(spot("end", source), "far away")
    text = framed(finding(source, "start", related=(other,)))
    assert "- far away" in text
    assert max(map(len, text.split("\n"))) < 140


def test_long_lines_of_wide_characters_are_cut_by_columns():
    found = finding(Source("a.yaml", "网" * 300 + " here " + "络" * 300), "here")
    *_, excerpt, underline = framed(found).split("\n")
    assert 110 < width(excerpt) <= 120
    before = excerpt[: excerpt.index("here")]
    assert width(before) == underline.index("^^^^")


def test_a_place_is_shown_whole_where_there_is_room():
    step = "conv(64, kernel_size=3, padding=1)"
    text = f"  - {'relu | ' * 9}{step}{' | relu' * 9}"
    *_, excerpt, underline = framed(finding(Source("a", text), step), 60).split("\n")
    assert step in excerpt
    assert underline.count("^") == len(step)


# --- narrow terminals ----------------------------------------------------------------


def width(text: str) -> int:
    """The columns of a terminal that a text takes."""
    return sum(map(cells, text))


def test_a_narrow_terminal():
    """Source is cut around the place; sentences are wrapped, and stand below marks."""
    text = """\
archspec: 1
input: 1x224x224
net:
  - nin_block(1, 96, k=11, s=4) | maxpool(3, s=2) | dropout(0.5)
  - nin_block(64, 256, k=5, p=2)
"""
    result = check(text, file="specs/nin.yaml")
    assert render_full(result.diagnostics, width=40) == lines("""
        error[channel-mismatch]: expected 64
        input channels for `nin_block`, found 96
         --> specs/nin.yaml:5:15
          |
        4 |   - nin_block(1, 96, k=11, s=4) ...
          |     ---------------------------
          |     output [96, 54, 54]
        5 |   - nin_block(64, 256, k=5, p=2)
          |               ^^ given 64
          |
          = fix 1: write `nin_block(96, 256,
                   k=5, p=2)`, or omit the input
                   channels
          = fix 2: write `nin_block(1, 64, k=11,
                   s=4)` in line 4
    """)


def test_a_message_that_fits_nowhere_is_wrapped_below_its_marks():
    found = finding(Source("a", TEXT), "k=3", label="these words want two lines")
    assert render_full([found], width=24) == lines("""
        error[unknown-op]: a
        headline
         --> a:2:13
          |
        2 |   - conv(8, k=3)
          |             ^^^
          | these words want two
          | lines
    """)


def test_several_findings_are_a_line_apart():
    both = [finding(SOURCE, "relu"), finding(SOURCE, "conv")]
    assert render_full(both) == f"{framed(both[0])}\n\n{framed(both[1])}"
    assert render_full([]) == ""


def test_color_frames_the_same_text():
    other = Label(spot("conv", SOURCE), "before")
    found = finding(SOURCE, "relu", related=(other,), help=("h",))
    colored = render_full([found], color=True)
    assert colored.startswith("\033[1;31merror[unknown-op]\033[0m\033[1m: a headline")
    plain = colored
    for style in ("1;31", "1;33", "1;34", "1", "0"):
        plain = plain.replace(f"\033[{style}m", "")
    assert plain == framed(found)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_color_is_for_terminals_that_want_it(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert use_color(Terminal())
    assert not use_color(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not use_color(Terminal())
    monkeypatch.setenv("NO_COLOR", "")  # as no-color.org has it: empty is unset
    assert use_color(Terminal())


def test_a_warning_says_so():
    found = finding(SOURCE, "relu", severity=Severity.WARNING)
    assert framed(found).startswith("warning[unknown-op]: a headline")
    assert render_concise([found]) == "a.yaml:3:5: warning[unknown-op]: a headline"


def test_concise_is_a_line_each():
    source = Source("a\nb.yaml", TEXT)
    both = [finding(source, "relu"), finding(source, "conv")]
    mark = "\N{REPLACEMENT CHARACTER}"
    assert render_concise(both) == lines(f"""
        a{mark}b.yaml:3:5: error[unknown-op]: a headline
        a{mark}b.yaml:2:5: error[unknown-op]: a headline
    """)


def test_json_is_the_contract():
    related = (
        Label(spot("conv", SOURCE), "before"),
        Label(Source("b.yaml", "x").span(0, 1), "there"),
    )
    found = finding(SOURCE, "relu", related=related, notes=("n",), help=("h",))
    assert to_json(found) == {
        "code": "unknown-op",
        "severity": "error",
        "message": "a headline",
        "line": 3,
        "column": 5,
        "end_line": 3,
        "end_column": 9,
        "help": ["h"],
        "notes": ["n"],
        "related": [
            {"message": "before", "line": 2, "column": 5},
            {"message": "there", "line": 1, "column": 1, "file": "b.yaml"},
        ],
        "fixes": [],
    }


def test_github_commands_are_escaped():
    source = Source("a,b:c.yaml", TEXT)
    found = finding(source, "relu", help=("100 %\nsure\x1b",))
    assert render_github([found], source.name) == (
        "::error file=a%2Cb%3Ac.yaml,line=3,col=5,endLine=3,endColumn=9,"
        "title=archspec unknown-op::a headline%0A100 %25%0Asure\N{REPLACEMENT CHARACTER}"
    )


def test_github_shows_a_finding_in_another_file_at_the_call():
    """The last place in the checked file: the step that expands to it."""
    library = Source("blocks.yaml", "unit:\n  relu\n")
    found = finding(
        library,
        "relu",
        related=(
            Label(spot("conv(8, k=3)", SOURCE), "output [8, 6, 6]"),
            Label(spot("conv(16, k=3)", SOURCE), "in `unit`, called here"),
        ),
        notes=("a note",),
    )
    assert render_github([found], "a.yaml") == (
        "::error file=a.yaml,line=4,col=5,endLine=4,endColumn=18,"
        "title=archspec unknown-op::a headline%0Ain blocks.yaml:2:3%0Aa note"
    )
    assert "file=blocks.yaml,line=2" in render_github([found], "another.yaml")


def test_github_shows_a_finding_of_the_checked_file_where_it_is():
    """A signature in another file, or the producer in this one, is not the place."""
    library = Source("blocks.yaml", "unit:\n")
    related = (
        Label(spot("conv", SOURCE), "output [8, 6, 6]"),
        Label(spot("unit", library), "the signature"),
    )
    found = finding(SOURCE, "relu", related=related)
    assert "file=a.yaml,line=3,col=5" in render_github([found], "a.yaml")


def test_a_code_without_a_page_is_rendered():
    """A user reads the finding; `test_codes.py` is where the mistake fails."""
    found = Diagnostic("no-such-code", "", Label(Source("a", "").span(0, 0)))
    assert "error[no-such-code]" in render_full([found])
