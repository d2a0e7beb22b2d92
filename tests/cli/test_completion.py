"""Tab completion: what the program offers, and what a real bash makes of it."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("archspec")
SPEC = """\
archspec: 1
input: 1x8x8
params: {width: 4, wide: 2, classes: 10}
variants: {small: {width: 2}}
net: [flatten, linear(classes * width * wide)]
"""
COMPLETIONS = [
    ("archspec summ", ["summary"]),
    ("archspec summary googl", ["googlenet"]),
    ("archspec summary ne", ["net.yaml", "nets/"]),
    ("archspec summary nets", ["nets/inner.yaml"]),
    ("archspec summary nets/", ["nets/inner.yaml"]),
    ("archspec check torchvision/resnet18", ["torchvision/resnet18"]),
    ("archspec summary net.yaml --set wi", ["width=4", "wide=2"]),
    ("archspec check net.yaml --set cl", ["classes=10"]),
    ("archspec draw net.yaml --variant s", ["small"]),
    ("archspec draw net.yaml --dire", ["--direction"]),
    ("archspec explain channel-", ["channel-mismatch"]),
    ("archspec explain batch_", ["batch_size"]),
    ("archspec runs sh", ["show"]),
    ("archspec evaluate runs/ne", ["runs/net-1"]),
]
TYPED = [  # and the line that bash makes of it
    ("archspec summ\t", "archspec summary "),
    ("archspec summary googl\t", "archspec summary googlenet "),
    ("archspec check net\t.y\t", "archspec check net.yaml "),
    ("archspec check net.yaml --set cl\t", "archspec check net.yaml --set classes=10"),
    ("archspec check nets\t", "archspec check nets/inner.yaml "),
    ("archspec draw net.yaml --dire\tLR", "archspec draw net.yaml --direction LR"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with two specs and a run."""
    monkeypatch.chdir(tmp_path)
    for name in ("net.yaml", "nets/inner.yaml", "runs/net-1/config.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SPEC)
    (tmp_path / "notes.txt").touch()
    return tmp_path


def completed(shell: str, line: str) -> list[str]:
    """What the program offers a shell for a line."""
    words = line.split()
    env = {**os.environ, "_ARCHSPEC_COMPLETE": f"complete_{shell}"}
    env |= {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    env |= {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    done = subprocess.run(
        [PROGRAM], env=env, capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines()


def script(shell: str) -> str:
    """The completion script of a shell."""
    env = {**os.environ, "_ARCHSPEC_COMPLETE": f"source_{shell}"}
    done = subprocess.run(
        [PROGRAM], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize(("line", "words"), COMPLETIONS)
def test_completion(line, words):
    assert completed("bash", line) == words


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(shell):
    assert "googlenet" in " ".join(completed(shell, "archspec summary googl"))
    assert "_ARCHSPEC_COMPLETE" in script(shell)
    if shutil.which(shell):
        checked = [shell, "-n", "/dev/stdin"]
        subprocess.run(checked, input=script(shell), text=True, check=True)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash here")
@pytest.mark.parametrize(("keys", "line"), TYPED)
def test_tab_in_bash(folder, keys, line):
    """A person types the keys in a terminal."""
    (folder / "rc").write_text(
        f"PATH={PROGRAM.parent}:$PATH\nPS1='> '\n{script('bash')}"
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.execlp("bash", "bash", "--noprofile", "--rcfile", "rc", "-i")
    try:
        read_until(terminal, "> ")
        for typed in re.split("(?<=\t)", keys):
            os.write(terminal, typed.encode())
            time.sleep(0.1)
        shown = read_until(terminal, line)
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)
    assert line in shown


def read_until(terminal: int, text: str, seconds: float = 20) -> str:
    """What a terminal shows until it shows a text."""
    shown, end = "", time.monotonic() + seconds
    while text not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 4096).decode()
            shown = re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]|\x07|\r", "", shown)
    return shown
