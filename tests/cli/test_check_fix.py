"""`archspec check --fix`, `--diff` and `--pick`."""

from __future__ import annotations

import re

import pytest

TEXT = """\
archspec: 1
input: 3x32x32
net:
  - conv(8, k=3)          # a comment
  - conv(16, 32, k=3)     # 16 is wrong
  - add:
      - conv(32, k=3) | bn
      - identity
"""


@pytest.fixture
def wrong(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(TEXT)
    return path


def test_a_diff_changes_nothing(archspec, wrong):
    outcome = archspec("check", wrong, "--diff")
    assert outcome.code == 1
    assert "-  - conv(16, 32, k=3)     # 16 is wrong" in outcome.out
    assert "+  - conv(8, 32, k=3)     # 16 is wrong" in outcome.out
    assert wrong.read_text() == TEXT


def test_fixes_are_written_and_comments_kept(archspec, wrong):
    outcome = archspec("check", wrong, "--fix")
    assert outcome.code == 0
    assert f"{wrong}:5: fixed [channel-mismatch]" in outcome.out
    assert f"{wrong}:6: fixed [size-mismatch]" in outcome.out
    expected = TEXT.replace("(16, 32", "(8, 32").replace(
        "32, k=3) |", "32, k=3, p=1) |"
    )
    assert wrong.read_text() == expected


def test_what_is_left_is_reported(archspec, wrong):
    wrong.write_text(TEXT + "  - conv(90, k=1, g=8)\n")
    outcome = archspec("check", wrong, "--fix")
    assert outcome.code == 1
    assert "error[indivisible-groups]" in outcome.out
    picked = archspec("check", wrong, "--fix", "--pick", "2")
    assert picked.code == 0
    assert len(picked.out.splitlines()) == 2


def test_the_report_numbers_what_pick_writes(archspec, wrong):
    """Every fix has its number, the one that the help proposes as well."""
    head, *_ = TEXT.partition("net:")
    wrong.write_text(f"{head}net:\n  - conv(8, k=3, p=1) | relu\n  - linear(10)\n")
    report = archspec("check", wrong).out
    shown = re.findall(r"= fix (\d): write `(.*?)`", report)
    assert [number for number, _ in shown] == ["1", "2", "3"]
    for number, code in shown:
        changed = archspec("check", wrong, "--diff", "--pick", number).out
        assert re.search(rf"^\+ .*{re.escape(code)}", changed, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nin", "--fix"], "`archspec new FILE --from NAME` copies a spec"),
        (["{wrong}", "--pick", "1"], "add `--fix` or `--diff`"),
        (
            ["{wrong}", "--fix", "--pick", "9"],
            "the first finding has no fix 9: it has 2",
        ),
        (["{wrong}", "--fix", "--pick", "0"], "--pick"),
    ],
)
def test_wrong_usage(archspec, wrong, arguments, words):
    outcome = archspec("check", *(a.format(wrong=wrong) for a in arguments))
    assert outcome.code == 2
    assert words in " ".join(outcome.err.split())
    assert wrong.read_text() == TEXT


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("dropout(1.5)", "the fix is uncertain: apply it with `--fix --pick 1`"),
        ("maxpool(9)", "the fixes are ambiguous: choose one with `--fix --pick 1`"),
        ("fooo(3)", "no fix is known for the first finding"),
        ("relu", ""),
    ],
)
def test_fix_says_why_nothing_is_written(archspec, wrong, step, why):
    text = f"archspec: 1\ninput: 3x8x8\nnet: [{step}]\n"
    wrong.write_text(text)
    outcome = archspec("check", wrong, "--fix")
    assert ("nothing written" in outcome.err) == bool(why)
    assert why in " ".join(outcome.err.split())
    assert wrong.read_text() == text
