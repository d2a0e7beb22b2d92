"""Bad input that a file with comments in it cannot show."""

from __future__ import annotations

import os
import time

import pytest

import archspec
from archspec.diagnostics.render import render_full
from archspec.frontend.source_files import MAX_BYTES
from specs import codes

GOOD = b"archspec: 1\ninput: 3x8x8\nnet:\n  - conv(4, k=3)\n"
DEEP = 10_000


@pytest.mark.parametrize(
    ("data", "code", "line", "column", "part"),
    [
        (b"", "empty-document", 1, 1, "the file is empty"),
        (b"\n\n# nothing\n", "empty-document", 1, 1, "the file is empty"),
        (b"---\n", "empty-document", 1, 1, "the file is empty"),
        (b"\xef\xbb\xbf", "empty-document", 1, 1, "the file is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not-text", 1, 1, "is not a text file"),
        (b"name: caf\xe9\n", "not-text", 1, 10, "expected UTF-8 text, found the byte 0xe9"),
        (GOOD + b"about: a\0b\n", "not-text", 5, 9, "characters that no text has"),
        (GOOD + b"\x07\n", "not-text", 5, 1, "characters that no text has"),
        (b"\xff\xfea\0:\0", "not-text", 1, 1, "is not a text file"),  # UTF-16
        (b"[" * DEEP, "nesting-too-deep", 1, 62, "nested more than 60 deep"),
        (b"{a: " * DEEP, "nesting-too-deep", 1, 242, "nested more than 60 deep"),
        (b"- " * DEEP + b"a", "nesting-too-deep", 1, 123, "nested more than 60 deep"),
        (
            GOOD + b"  - relu | conv(" + b"(" * DEEP + b")" * DEEP + b", k=1)\n",
            "nesting-too-deep", 5, 37, "nested more than 20 deep",
        ),
        (
            GOOD + b"  - conv(" + b"-" * DEEP + b"1, k=1)\n",
            "nesting-too-deep", 5, 30, "nested more than 20 deep",
        ),
        (
            GOOD + b"  - conv(8, k=" + b"1 if 1 else " * DEEP + b"1)\n",
            "nesting-too-deep", 5, None, "nested more than 20 deep",
        ),
        (b"a: &a [" + b"*a, " * 9 + b"]\n", "invalid-yaml", 1, 8, "no complete anchor"),
        (b"- a\n" * 30_000, "document-too-large", 20_000, 3, "aliases followed"),
    ],
)  # fmt: skip
def test_bad_text(tmp_path, data, code, line, column, part):
    """One finding, at its place, and soon."""
    path = tmp_path / "spec.yaml"
    path.write_bytes(data)
    started = time.process_time()
    result = archspec.check(path)
    assert time.process_time() - started < 5
    assert [d.code for d in result.diagnostics] == [code], render_full(
        result.diagnostics
    )
    found = result.diagnostics[0]
    span = found.primary.span
    assert (span.line, span.column) == (line, span.column if column is None else column)
    assert part in found.message
    assert not result.ok


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        b"# a comment\n---\n" + GOOD,
        GOOD + b"...\n",
        b"%YAML 1.2\n---\n" + GOOD,
        GOOD + "about: \u00fcn\u00efcode \U0001f389\n".encode(),
        GOOD.rstrip(),
        GOOD + b" " * 100_000,
    ],
    ids=["bom", "crlf", "start", "end", "directive", "unicode", "no newline", "spaces"],
)
def test_good_text(tmp_path, data):
    path = tmp_path / "spec.yaml"
    path.write_bytes(data)
    result = archspec.check(path)
    assert not result.diagnostics, render_full(result.diagnostics)
    assert result.spec.output_shape == (4, 6, 6)


@pytest.mark.parametrize("start", ["", "\ufeff", "# \U0001f389 \u00e4\n", "\r\n"])
def test_places_count_characters(tmp_path, start):
    """A byte order mark or wide characters before a place do not move it."""
    text = start + "archspec: 1\r\ninput: 3x8x8\nabout: \u00fc\U0001f389\nnet: [cnov]\n"
    path = tmp_path / "spec.yaml"
    path.write_bytes(text.encode())
    (found,) = archspec.check(path).diagnostics
    assert found.primary.span.text == "cnov"
    assert found.primary.span.line == text.count("\n", 0, text.index("cnov")) + 1
    assert found.primary.span.column == 7


def test_a_missing_file():
    (found,) = archspec.check("no/such/file.yaml").diagnostics
    assert found.code == "unreadable-file"
    assert found.message == "the file `no/such/file.yaml` does not exist"


def test_a_bundled_name_with_a_typo():
    (found,) = archspec.check("lenett").diagnostics
    assert found.code == "unreadable-file"
    assert found.help == ("did you mean `lenet`?",)


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_a_directory(name):
    (found,) = archspec.check(name).diagnostics
    assert found.code == "unreadable-file"


def test_a_directory_that_looks_like_a_spec(tmp_path):
    (tmp_path / "net.yaml").mkdir()
    (found,) = archspec.check(tmp_path / "net.yaml").diagnostics
    assert found.message.endswith("net.yaml` is a directory, not a spec")


def test_a_spec_in_the_directory_is_named(tmp_path):
    (tmp_path / "spec.yaml").touch()
    (found,) = archspec.check(tmp_path).diagnostics
    assert str(tmp_path / "spec.yaml") in found.help[0]


@pytest.mark.parametrize(
    "name", ["a" * 5000, "a" * 5000 + ".yaml", "\0", "a\0.yaml", "\udcff"]
)
def test_names_that_no_file_has(name):
    (found,) = archspec.check(name).diagnostics
    assert found.code == "unreadable-file"
    render_full([found]).encode()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without pipes")
def test_a_pipe_that_nobody_writes_to(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    (found,) = archspec.check(tmp_path / "pipe.yaml").diagnostics
    assert found.code == "unreadable-file"
    assert found.message.endswith("it is not a regular file")


@pytest.mark.parametrize("name", [os.devnull, "/dev/zero", "/dev/tty"])
def test_a_device(name):
    (found,) = archspec.check(name).diagnostics
    assert found.code == "unreadable-file"


def test_a_link_to_nothing_and_to_itself(tmp_path):
    for target in ("gone", "link.yaml"):
        (tmp_path / "link.yaml").unlink(missing_ok=True)
        (tmp_path / "link.yaml").symlink_to(target)
        (found,) = archspec.check(tmp_path / "link.yaml").diagnostics
        assert found.code == "unreadable-file"


def test_a_huge_file_is_not_read_whole(tmp_path):
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    started = time.process_time()
    (found,) = archspec.check(path).diagnostics
    assert time.process_time() - started < 0.5
    assert found.code == "file-too-large"


def test_the_largest_file_is_read(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_bytes(GOOD + b"#" * (MAX_BYTES - len(GOOD)))
    assert archspec.check(path).ok
    path.write_bytes(GOOD + b"#" * (MAX_BYTES - len(GOOD) + 1))
    assert [d.code for d in archspec.check(path).diagnostics] == ["file-too-large"]


def test_aliases_that_explode_end_soon(tmp_path):
    """Ten lists of ten aliases each would be ten billion values."""
    rows = ["a0: &a0 [1, 1]"] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 11)
    ]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(rows))
    started = time.process_time()
    (found,) = archspec.check(path).diagnostics
    assert time.process_time() - started < 5
    assert found.code == "document-too-large"


class TestImports:
    """What an import may reach: files beside the spec and below."""

    SPEC = "archspec: 1\nimport: {}\ninput: 3x8x8\nnet: [relu]\n"
    BLOCKS = "archspec: 1\nblocks: {a: relu}\n"

    def codes(self, folder, target):
        path = folder / "spec.yaml"
        path.write_text(self.SPEC.format(target))
        found = archspec.check(path).diagnostics
        return [d.code for d in found if d.code != "unused-import"]

    def test_a_file_below(self, tmp_path):
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "blocks.yaml").write_text(self.BLOCKS)
        assert self.codes(tmp_path, "sub/blocks.yaml") == []
        assert self.codes(tmp_path, "sub/../sub/./blocks.yaml") == []

    @pytest.mark.parametrize(
        "target",
        [
            "../blocks.yaml",
            "sub/../../blocks.yaml",
            "/etc/passwd",
            "~/../../../etc/passwd",
        ],
    )
    def test_a_file_outside(self, tmp_path, target):
        (tmp_path / "sub").mkdir()
        (tmp_path / "blocks.yaml").write_text(self.BLOCKS)
        assert self.codes(tmp_path / "sub", target) == ["import-outside"]

    def test_an_absolute_path_to_a_file_beside(self, tmp_path):
        (tmp_path / "blocks.yaml").write_text(self.BLOCKS)
        assert self.codes(tmp_path, tmp_path / "blocks.yaml") == ["import-outside"]

    def test_a_link_that_leads_outside(self, tmp_path):
        (tmp_path / "sub").mkdir()
        (tmp_path / "blocks.yaml").write_text(self.BLOCKS)
        (tmp_path / "sub" / "link.yaml").symlink_to(tmp_path / "blocks.yaml")
        assert self.codes(tmp_path / "sub", "link.yaml") == ["import-outside"]

    @pytest.mark.parametrize("target", ["gone.yaml", "sub", '"\\0"', "a" * 5000, '""'])
    def test_no_file(self, tmp_path, target):
        (tmp_path / "sub").mkdir()
        assert self.codes(tmp_path, target) == ["import-missing"]

    def test_itself(self, tmp_path):
        assert self.codes(tmp_path, "spec.yaml") == ["import-cycle"]

    def test_the_same_file_many_times_is_read_once(self, tmp_path):
        """Files that import the next one twice would be read 2**30 times."""
        for number in range(30):
            (tmp_path / f"b{number}.yaml").write_text(
                f"archspec: 1\nimport: [b{number + 1}.yaml, b{number + 1}.yaml]\n"
                f"blocks: {{b{number}: relu}}\n"
            )
        (tmp_path / "b30.yaml").write_text(self.BLOCKS)
        started = time.process_time()
        assert self.codes(tmp_path, "b0.yaml") == []
        assert time.process_time() - started < 5

    def test_a_failed_import_hides_no_typo(self, tmp_path):
        """What the file might have defined is silent; a mistyped op is not."""
        path = tmp_path / "spec.yaml"
        path.write_text(
            self.SPEC.format("gone.yaml").replace(
                "[relu]", "[my_block, rleu, my_block]"
            )
        )
        found = archspec.check(path).diagnostics
        assert [(d.code, d.primary.span.text) for d in found] == [
            ("import-missing", "gone.yaml"),
            ("unknown-op", "rleu"),
        ]

    def test_a_text_without_a_file_imports_nothing(self):
        assert codes(self.SPEC.format("blocks.yaml")) == ["import-outside"]
