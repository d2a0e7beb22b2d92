"""The `archspec` program: its commands, and its exit codes when one fails."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from importlib import import_module
from io import TextIOWrapper
from keyword import iskeyword
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from archspec.runs.errors import PeerError, TrainingError

from .examples import epilog
from .exit_codes import BUG, FAILURE, PIPE, SIGNAL, code_of
from .other_words import Command, Group

# Commands in the order of the help: each has a file, which holds this function.
COMMANDS = {
    "check": "check",
    "summary": "summary",
    "draw": "draw",
    "train": "train",
    "new": "new",
    "show": "show",
    "list": "list_",
    "explain": "explain",
    "compile": "compile_",
    "evaluate": "evaluate",
    "predict": "predict",
    "runs": "runs",
    "diff": "diff",
    "profile": "profile",
    "import": "import_",
    "schema": "schema",
}

HELP = {"help_option_names": ["-h", "--help"]}


class CommandGroup(Group):
    """Imports a command when it is invoked, and all of them for the help."""

    def __init__(self, **attributes: Any) -> None:
        """Start with the names alone, of which Typer suggests one for a mistyped name."""
        super().__init__(**attributes)
        self.commands = dict.fromkeys(COMMANDS, TyperCommand(name=None))

    def get_command(self, _: Any, name: str) -> Any:
        """Import a command; None if the name is unknown."""
        if name not in COMMANDS:
            return None
        file = f"{name}_" if iskeyword(name) else name
        module = import_module(f".{file}", __package__)
        command = getattr(module, COMMANDS[name])
        if not isinstance(command, typer.Typer):
            function, command = command, typer.Typer(add_completion=False)
            command.command(
                name, cls=Command, context_settings=HELP, epilog=epilog(name)
            )(function)
        return get_command(command)

    def invoke(self, context: Any) -> Any:
        """Run a command. If its reader exits, as `head` does, Typer would end with 1."""
        try:
            try:
                return super().invoke(context)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            _discard_output()
            raise typer.Exit(PIPE) from None


app = typer.Typer(
    cls=CommandGroup,
    help="Neural-network architectures as short YAML specs: check, draw, compile, train.",
    context_settings=HELP,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # 15 ms

        print(f"archspec {version('archspec-nn')}")
        raise typer.Exit


@app.callback()
def _program(
    _: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Show the version.",
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line. Every error ends with an exit code of `EXIT_CODES`."""
    atexit.register(gc.freeze)  # do not search all objects for garbage before exiting
    if isinstance(sys.stdout, TextIOWrapper):  # names may have characters it lacks
        sys.stdout.reconfigure(errors="backslashreplace")
    if sys.argv[1:2] == ["help"]:  # `archspec help train`
        sys.argv[1:] = [*sys.argv[2:3], "--help"]
    try:
        app()
    except PeerError:  # the process that failed has reported it
        sys.exit(FAILURE)
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(code_of(error))
    except KeyboardInterrupt:
        sys.exit(SIGNAL + signal.SIGINT)
    except OSError as error:
        where = f"`{error.filename}`: " if error.filename else ""
        print(f"error: {where}{error.strerror or error}", file=sys.stderr)
        _discard_output()
        sys.exit(FAILURE)
    except Exception as error:  # a user sees no traceback
        _report_bug(error)
        sys.exit(BUG)


def _discard_output() -> None:
    """Let nothing fail when the program flushes its output as it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report_bug(error: Exception) -> None:
    if os.environ.get("ARCHSPEC_TRACEBACK"):
        raise error
    print(
        f"archspec has a bug: {type(error).__name__}: {error}\n"
        "Please report it with your spec; `ARCHSPEC_TRACEBACK=1` shows where it is.",
        file=sys.stderr,
    )
