"""The words of a command, as a shell reads it."""

from __future__ import annotations

import re
import shlex

QUOTED = re.compile(r"'[^']*'")
MEANING = re.compile(r"[()*?\[\]|;&]")  # which bash or zsh act on


def shell_words(line: str) -> list[str]:
    """The words of a command, without its redirection.

    Raises:
        AssertionError: If a shell would not pass the words on, as in `sgd(lr=0.1)`.
    """
    command, _, _ = line.partition(" > ")
    assert not MEANING.search(QUOTED.sub("", command)), line
    return shlex.split(command)
