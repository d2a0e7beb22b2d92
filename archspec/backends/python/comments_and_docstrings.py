"""Comments and docstrings: a spec's words, which must never become code.

Unprintable characters become spaces. Nothing in a text can end the docstring that it is
in, and a comment that a tool would obey is left out.
"""

from __future__ import annotations

import re
import textwrap

WIDTH = 88
TOOLS = re.compile(
    r"type *:|(flake8|fmt|isort|mypy|noqa|pylint|pyright|ruff|yapf)\b", re.IGNORECASE
)
GLUE = "\0"  # for spaces of a shape or of code that a line must not end at
GLUED = re.compile(r"(?<=[^, ]) ")
CODE = re.compile(r"`[^`]{1,60}`")


def comment_lines(text: str, indent: int) -> list[str]:
    """A text as lines of comment; none where a tool would read it as an instruction."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    lines = textwrap.wrap(clean, WIDTH - indent - 2, break_on_hyphens=False)
    if "#" in clean or any(map(TOOLS.match, lines)):
        return []
    return [f"{' ' * indent}# {line}" for line in lines]


def docstring_lines(text: str, indent: int) -> list[str]:
    """A text as the lines of a docstring."""
    clean = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    clean = clean.replace("\\", "\\\\").replace('"""', "'''").strip()
    if clean.endswith('"'):
        clean += " "
    pad = " " * indent
    width = WIDTH - indent - 6
    lines: list[str] = []
    for paragraph in clean.split("\n"):
        inner = " " * (len(paragraph) - len(paragraph.lstrip(" ")))
        is_shape = paragraph.lstrip().startswith(("[N", "-> [N"))
        glued = GLUED.sub(GLUE, paragraph) if is_shape else CODE.sub(_glued, paragraph)
        wrapped = textwrap.wrap(
            glued,
            width,
            subsequent_indent=inner,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
        lines += [line.replace(GLUE, " ") for line in wrapped]
    if len(lines) == 1:
        return [f'{pad}"""{lines[0]}"""']
    body = [f"{pad}{line}".rstrip() for line in lines[1:]]
    return [f'{pad}"""{lines[0]}', *body, f'{pad}"""']


def _glued(code: re.Match[str]) -> str:
    return code[0].replace(" ", GLUE)
