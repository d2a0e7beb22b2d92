"""Words of other programs and mistyped ones: what to write for them here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import PurePath
from typing import Any

from typer.core import TyperCommand, TyperGroup

from archspec.diagnostics.suggest import closest

COMMANDS = {
    "compare": "`archspec diff A B`, or `archspec runs compare RUN...` for runs",
    "convert": "`archspec compile SPEC -o x.onnx`, or `archspec import x.py:Net`",
    "export": "`archspec compile SPEC -o x.onnx`",
    "init": "`archspec new NAME`",
    "plot": "`archspec draw SPEC`, or `archspec runs compare RUN...` for curves",
    "test": "`archspec evaluate RUN`",
    "visualize": "`archspec draw SPEC`",
    "runs diff": "`archspec runs compare RUN...`",
    "runs list": "`archspec runs`",
}
OPTIONS = {
    "--gpus": "--devices",
    "--json": "--format json",
    "--learning-rate": "--lr",
}
VALUES = {
    "float16": "16",
    "float32": "32",
    "fp16": "16",
    "gpu": "cuda",
    "md": "markdown",
}
FORMATS = {  # the suffixes of `-o`
    "draw": ("png", "svg", "pdf", "dot", "html"),
    "compile": ("onnx", "py", "pt2", "safetensors"),
}


class Group(TyperGroup):
    """A group of commands, which knows what other programs call them."""

    def resolve_command(self, context: Any, args: list[str]) -> Any:
        """Find a command; a hint for one of another program."""
        groups = [context.info_name] if context.parent else []  # not the program
        path = " ".join([*groups, *args[:1]])
        if path in COMMANDS:
            context.fail(f"No such command '{args[0]}'. Did you mean {COMMANDS[path]}?")
        return super().resolve_command(context, args)


class Command(TyperCommand):
    """A command, which knows what other programs call its options."""

    def parse_args(self, context: Any, args: list[str]) -> list[str]:
        """Parse the arguments; a hint for an option or an output file that is misplaced."""
        if context.resilient_parsing:  # of the shell, to complete a word
            return super().parse_args(context, args)
        known = {name: p for p in self.get_params(context) for name in p.opts}
        for wrong, meant in _misplaced_options(self.name or "", args, known):
            context.fail(f"No such option: {wrong}. Did you mean `{meant}`?")
        for option, wrong, meant in _mistyped_values(args, known):
            context.fail(
                f"Invalid value for '{option}': '{wrong}'. Did you mean `{meant}`?"
            )
        context.allow_extra_args = True  # they are reported here
        rest = super().parse_args(context, args)
        if context.args:
            context.fail(_unexpected(context.args, known))
        return rest


def _misplaced_options(
    command: str, args: list[str], known: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """The options that a command lacks, each with what to write for it.

    `draw net.yaml --format png` and `draw net.yaml --png` are `-o x.png`.
    """
    for arg, following in pairwise([*args, ""]):
        option, _, value = arg.partition("=")
        if not option.startswith("--") or option in known:
            continue
        formats = FORMATS.get(command, ())
        asked = (value or following) if option == "--format" else option[2:]
        if formats and (option == "--format" or asked in formats):
            yield option, f"-o x.{asked if asked in formats else formats[0]}"
        elif (meant := OPTIONS.get(option, "")).partition(" ")[0] in known:
            yield option, meant


def _mistyped_values(
    args: list[str], known: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """The options whose value is close to one of their choices, and both values."""
    for arg, following in pairwise([*args, ""]):
        option, sign, value = arg.partition("=")
        choices = getattr(known[option].type, "choices", ()) if option in known else ()
        value = value if sign else following
        if choices and value not in choices:
            other = VALUES.get(value.casefold())
            meant = other if other in choices else closest(value, choices)
            if meant:
                yield option, value, meant


def _unexpected(args: list[str], known: Mapping[str, Any]) -> str:
    """What to write for arguments that a command does not take, as a picture's name."""
    first, *others = args
    suffix = PurePath(first).suffix
    if not others and "-o" in known and suffix not in ("", ".yaml", ".yml"):
        return f"Got an unexpected argument '{first}'. Did you mean `-o {first}`?"
    return f"Got unexpected extra argument(s) ({' '.join(args)})"
