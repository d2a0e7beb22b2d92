"""Report where a document violates the schema, each mistake once."""

from __future__ import annotations

import re
from typing import Any

from archspec.diagnostics.diagnostic import (
    Edit,
    Findings,
    Fix,
    Offer,
    Replacement,
    write,
)
from archspec.diagnostics.source import Span
from archspec.diagnostics.suggest import closest
from archspec.frontend.renamed_labels import renamed_label
from archspec.frontend.schema.json_schema import (
    LANGUAGE_VERSION,
    ROWS,
    ROWS_KEYS,
    SCHEMA,
    SIZE,
)
from archspec.frontend.schema.validator import Path, Validator, Violation
from archspec.frontend.yaml.scalars import INTEGER
from archspec.frontend.yaml.tree import Mapping, Scalar, Sequence, Tree, to_data

TYPE_NAMES: dict[type, str] = {
    dict: "a mapping",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    type(None): "nothing",
}
OTHER_KEYS = {  # words of other tools, which are not near in spelling
    "architecture": "net",
    "description": "about",
    "include": "import",
    "learning_rate": "optimizer",
    "layers": "net",
    "lr": "optimizer",
    "model": "net",
    "modules": "blocks",
    "network": "net",
    "shape": "input",
    "size": "input",
    "training": "train",
    "version": "archspec",
}
REPEATS = ("repeat", "collect", "each")
MAIN_KEYWORDS = {  # of steps with several keys
    "times": REPEATS,
    "for": REPEATS,
    "as": REPEATS,
    "then": ("if",),
    "else": ("if",),
}
VERSION = f"archspec: {LANGUAGE_VERSION}"
MISSING_HELP = {
    "archspec": Offer(f"start the file with `{VERSION}`", VERSION),
    "net": "a spec has `input:` and `net:`, or `blocks:` to import",
    "input": Offer("add `input: 3x224x224`: channels first", "input: 3x224x224"),
    "repeat": "put repeated steps under `repeat:`",
    "split": "`sizes` belongs next to `split:`",
    "then": "add `then:`",
    "if": "add `if:` with a condition",
}
WITH_RATE = "optimizer: adam(lr=0.1)"
STEP_FORMS = ("step", "steps", "branches")  # where `identity` can fill a gap
FORM_HELP = {  # by the `x-form` of the schema
    "version": write(VERSION),
    "steps": "write each step on a line of its own, after `- `",
    "branches": "write each branch on a line of its own, after `- `",
    "blocks": "write `unit(cout):`, and below it the steps of the block",
    "columns": "name the values of each row, or write `times:` in place of `for:`",
    "condition": "compare something, as in `s != 1`",
    "document": "a spec has keys: `archspec: 1`, `input:` and `net:`",
    "labels": "name the steps to return, or omit the key",
    "times": "give one number; `for:` names the values of each row",
    "bindings": "write one `name: value` per line",
}


def report_violations(tree: Tree, findings: Findings) -> set[int]:
    """Report where the tree violates the schema.

    Returns the `id` of every part that must not be read further.
    """
    reporter = _Reporter(findings)
    violations = Validator(SCHEMA).violations(to_data(tree))
    # Unknown keys come first, then those that lack another: they explain the rest.
    for violation in sorted(violations, key=_rank):
        *parents, part = _parts(tree, violation.path)
        if not any(id(parent) in reporter.unknown for parent in [*parents, part]):
            reporter.report(part, violation, parents)
    return reporter.broken


def _rank(violation: Violation) -> int:
    if _is_about_a_key(violation):
        return 0
    return 1 if violation.keyword == "dependentRequired" else 2


def _is_about_a_key(violation: Violation) -> bool:
    keywords = ("additionalProperties", "maxProperties")
    return violation.is_about_key or violation.keyword in keywords


def _parts(tree: Tree, path: Path) -> list[Tree]:
    """Return the parts on the way to a place, from the root on."""
    parts = [tree]
    for step in path:
        if isinstance(tree, Mapping):
            tree = tree.get(str(step)) or tree
        elif isinstance(tree, Sequence) and isinstance(step, int):
            tree = tree.items[step]
        parts.append(tree)
    return parts


def is_misspelled_aux(label: str) -> bool:
    """Whether a label whose value is labels is a misspelled `aux`: `auxx`, not `max`."""
    near = label.startswith("a") and closest(label, ["aux"], cutoff=0.65)
    return label.isalpha() and (bool(near) or label == "auxiliary")


def report_misspelled_aux(label: Scalar, findings: Findings) -> None:
    """Report a misspelled `aux`, whose heads would silently become steps of `net`."""
    findings.error(
        "invalid-label",
        f"`{label.text}` cannot be a label here: it looks like a misspelled `aux`",
        label.span,
        help=Replacement("did you mean `aux`?", "aux"),
    )


class _Reporter:
    """Turns violations into findings."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.broken: set[int] = set()  # ids of parts that must not be read
        self.unknown: set[int] = set()  # ids of the values of unknown keys
        self.meant: set[tuple[int, str]] = set()  # ids of mappings, misspelled keys

    def report(self, part: Tree, violation: Violation, parents: list[Tree]) -> None:
        """Report one violation."""
        keyword = violation.keyword
        if _is_about_a_key(violation):
            assert isinstance(part, Mapping)
            self.key(part, violation, parents)
        elif keyword == "oneOf":
            assert isinstance(part, Mapping)
            self.repeat(part)
        elif keyword in ("required", "anyOf", "dependentRequired"):
            assert isinstance(part, Mapping)
            self.missing_keys(part, violation)
        elif id(part) in self.broken:
            return
        else:
            self.value(part, violation, parents)
        if keyword not in ("additionalProperties", "required", "anyOf"):
            self.broken.add(id(part))

    # --- keys ---

    def key(self, part: Mapping, violation: Violation, parents: list[Tree]) -> None:
        if violation.keyword == "maxProperties":
            self.second_key(part, parents)
            return
        if violation.keyword == "additionalProperties":
            known = violation.schema["properties"]
            for key, _ in part.pairs:
                if key.text not in known:
                    self.unknown_key(part, key, known)
            return
        found = part.key(str(violation.value))
        assert found is not None
        if violation.keyword == "enum":
            self.unknown_key(part, found, violation.schema["enum"])
        else:
            expected = violation.schema["expected"]
            self.findings.error(
                "invalid-type",
                f"expected {expected}, found `{found.text}`",
                found.span,
                help=_help_with_name(found.text),
            )

    def unknown_key(self, part: Mapping, key: Scalar, known: Any) -> None:
        match = closest(key.text, known, cutoff=0.5 if len(key.text) < 3 else 0.6)
        if match is None and OTHER_KEYS.get(key.text) in known:
            match = OTHER_KEYS[key.text]
        if match and part.get(match) is None:
            self.meant.add((id(part), match))
        self.unknown.add(id(part.get(key.text)))
        self.broken.add(id(part.get(key.text)))
        help = f"the keys are {', '.join(f'`{name}`' for name in known)}"
        proposals: list[Fix] = []
        if key.text in ("lr", "learning_rate") and "optimizer" in known:
            help = Offer(f"the learning rate is an argument: `{WITH_RATE}`", WITH_RATE)
        elif key.text == "sizes" and "times" in known:
            help, proposals = MISSING_HELP["split"], _without_sizes(part, key)
        elif match:
            help = Replacement(f"did you mean `{match}`?", match)
        self.findings.error(
            "unknown-key",
            f"`{key.text}` is not a key here",
            key.span,
            help=help,
            proposals=proposals,
        )

    def second_key(self, part: Mapping, parents: list[Tree]) -> None:
        first = part.pairs[0][0]
        heads = {
            head for key, _ in part.pairs for head in MAIN_KEYWORDS.get(key.text, ())
        }
        if first.text not in MAIN_KEYWORDS and closest(first.text, heads, cutoff=0.5):
            self.unknown_key(part, first, heads)
            return
        second = part.pairs[1][0]
        self.unknown |= {id(value) for _, value in part.pairs[1:]}
        around = parents[-1] if parents else None
        if isinstance(around, Mapping) and len(around.pairs) == 1:
            label = around.pairs[0][0]
            if is_misspelled_aux(label.text):
                report_misspelled_aux(label, self.findings)
                return
        self.findings.error(
            "invalid-step",
            f"a step has one label or keyword, found `{second.text}` as a second",
            second.span,
            help="`sizes` belongs next to `split:`"
            if second.text == "sizes"
            else "start each step of a list with `- `",
        )

    def repeat(self, part: Mapping) -> None:
        key, value = next((k, v) for k, v in part.pairs if k.text in REPEATS)
        if id(value) in self.broken or any(
            id(v) in self.unknown for _, v in part.pairs
        ):
            return
        if (id(part), "times") in self.meant or (id(part), "for") in self.meant:
            return
        given = [name for name in ("times", "for") if part.get(name) is not None]
        if given and isinstance(value, Scalar) and re.match(ROWS, value.text):
            self.findings.error(
                "invalid-step",
                f"`repeat` with rows in brackets takes no `{given[0]}`",
                key.span,
                help=f"omit `{given[0]}`: each row is one repetition",
            )
            return
        has_both = len(given) > 1
        last = part.pairs[-1][1].span
        before = _separator(part)
        edit = Edit(last.source.span(last.end, last.end), f"{before}times: 4")
        self.findings.error(
            "invalid-step",
            f"`{key.text}` needs either `times` or `for`",
            key.span,
            help="omit one of them"
            if has_both
            else "add `times: 4`"
            + ", or name the rows: `repeat: block[(64, 3), (128, 3)]`"
            * (key.text == "repeat"),
            proposals=[]
            if has_both
            else [
                Fix("add `times: 4`", (edit,), is_strong=False),
                *(_as_label(key, value) if key.text != "repeat" else ()),
            ],
        )

    def missing_keys(self, part: Mapping, violation: Violation) -> None:
        missing, key = _missing(part, violation)
        proposals: list[Fix] = []
        if isinstance(key, Scalar) and key.text in ROWS_KEYS:
            value = part.get(key.text)
            if proposals := _as_label(key, value):
                self.unknown.add(id(value))  # its own mistakes are consequences
        main = MAIN_KEYWORDS.get(key.text, ()) if isinstance(key, Scalar) else ()
        if not any((id(part), name) in self.meant for name in (missing, *main)):
            self.findings.error(
                "missing-key",
                f"the key `{missing}` is missing",
                key.span,
                help=MISSING_HELP[missing],
                proposals=proposals,
            )

    # --- values ---

    def value(self, part: Tree, violation: Violation, parents: list[Tree]) -> None:
        form = violation.schema.get("x-form", "")
        code = "invalid-type"
        help = _help(part, form)
        proposals: list[Fix] = []
        around = parents[-1] if parents else None
        pairs = around.pairs if isinstance(around, Mapping) else ()
        key = next((key for key, value in pairs if value is part), None)
        if violation.path and violation.path[-1] == "repeat":
            help = "put the step under `repeat:`, and the count under `times:`"
        if form in STEP_FORMS and _is_nothing(violation):
            code = "missing-step"
            help = Offer("`identity` passes its input on", "identity")
            if form == "branches" and key:
                help = (
                    FORM_HELP[form]
                    if part.span.text
                    else "indent the branches below it"
                )
                proposals = [_identities(part.span, 1 + (key.text == "sub"))]
        expected, found = violation.schema["expected"], _found(part, violation)
        help = help or _help_with_integer(part, violation.schema)
        if isinstance(part, Mapping) and expected == "a value":
            help = "a value is a number, a word or a list: names do not nest"
        if expected == "a value" and found == "nothing":
            help = "specs have no `null`: omit it, or give it a value"
        if key and (form == "branches" or key.text == "let"):
            proposals += _as_label(key, part)
        if key and key.text == "sizes" and isinstance(around, Mapping):
            proposals += _sizes_as_list(part, around.get("split"))
        self.findings.error(
            code,
            f"expected {expected}, found {found}",
            part.span,
            help=help,
            proposals=proposals,
        )


def _identities(empty: Span, count: int) -> Fix:
    """The fix that gives a join as many branches as it needs."""
    text = f"[{', '.join(['identity'] * count)}]"
    edit = Edit(empty, text if empty.text else f" {text}")
    return Fix(f"write `{text}`, and your branches", (edit,), is_strong=False)


def _sizes_as_list(part: Tree, branches: Tree | None) -> list[Fix]:
    """The fixes for `sizes: 4`: the size of each branch, or of the first one."""
    if not isinstance(part, Scalar) or not isinstance(part.value, int):
        return []
    count = len(branches.items) if isinstance(branches, Sequence) else 1
    texts = dict.fromkeys(f"[{', '.join([part.text] * n)}]" for n in (count, 1))
    return [
        Fix(f"write `{text}`", (Edit(part.span, text),), is_strong=False)
        for text in texts
    ]


def _separator(part: Mapping) -> str:
    """What stands between two pairs of a mapping."""
    is_flow = part.span.source.text[part.span.start] == "{"
    return ", " if is_flow else f"\n{' ' * (part.pairs[0][0].span.column - 1)}"


def _without_sizes(part: Mapping, key: Scalar) -> list[Fix]:
    """The fix for `sizes` of a repeat: omitted, or `times` in place of it."""
    value = part.get(key.text)
    before = [
        value.span.end for _, value in part.pairs if value.span.end < key.span.start
    ]
    if value is None or not before:
        return []
    text, title = "", "remove `sizes`"
    if not part.get("times") and not part.get("for"):
        text, title = f"{_separator(part)}times: 4", "write `times: 4`"
    edit = Edit(key.span.source.span(max(before), value.span.end), text)
    return [Fix(title, (edit,), is_strong=False)]


def _as_label(key: Scalar, value: Tree | None) -> list[Fix]:
    """The fix that makes a label of a keyword whose value is a call: `sub_: relu`."""
    if not isinstance(value, Scalar) or not value.text:
        return []
    return [renamed_label(key.span, f"{key.text}_", is_strong=False)]


def _missing(part: Mapping, violation: Violation) -> tuple[str, Tree]:
    """Return a missing key, and the key that needs it, or the whole mapping."""
    if violation.keyword == "dependentRequired":
        needs: dict[str, list[str]] = violation.schema["dependentRequired"]
        for name, (needed,) in needs.items():
            key = part.key(name)
            if key and not part.get(needed):
                return needed, key
    start = part.pairs[0][0] if part.pairs else part
    return "net" if violation.keyword == "anyOf" else "archspec", start


def _is_nothing(violation: Violation) -> bool:
    """Whether there is no step: no value, blank text, or an empty list."""
    is_blank = violation.keyword == "pattern" and not str(violation.value).strip()
    return is_blank or violation.value in (None, [])


def _found(part: Tree, violation: Violation) -> str:
    """Return the words for a value after "found"."""
    value = violation.value
    if violation.keyword in ("minItems", "minProperties"):
        return f"an empty {'list' if violation.keyword == 'minItems' else 'mapping'}"
    if violation.keyword == "pattern" and not str(value).strip():
        return "nothing"
    if isinstance(part, Scalar) and part.text and value is not None:
        shown = part.text if len(part.text) < 40 else f"{part.text[:40]}..."
        return f"the text `{shown}`" if part.style in ("'", '"') else f"`{shown}`"
    return TYPE_NAMES[type(value)]


def _help(part: Tree, form: str) -> str:
    """Return what to write instead, if the form of the value tells."""
    if form == "heads":
        return _help_with_heads(part)
    if form == "input":
        if isinstance(part, Mapping):
            return "give each input a name: `{image: 3x224x224, depth: 1x224x224}`"
        if isinstance(part, Sequence) and "x" in part.span.text:
            return _help_with_inputs([to_data(item) for item in part.items])
        return _help_with_input(re.findall("[0-9]+", part.span.text))
    if form == "labels" and isinstance(part, Scalar) and part.text:
        return write(f"[{part.text}]")
    if form == "name":
        return _help_with_name(part.text) if isinstance(part, Scalar) else ""
    if form in FORM_HELP:
        return FORM_HELP[form]
    if isinstance(part, Scalar) and part.style and INTEGER.fullmatch(part.text):
        return write(part.text, " without quotes")
    return ""


def _help_with_heads(part: Tree) -> str:
    step = part.text.strip() if isinstance(part, Scalar) else ""
    if step and "," not in step:
        return write(f"{{aux1: {step}}}")
    return f"each head has a line of its own below `aux`: `aux1: {step or '...'}`"


def _help_with_name(text: str) -> str:
    """Help with a name of the characters that it may have: `my_net` for `my net`.

    `n=8` is a name and its value: `n: 8`.
    """
    if pair := re.fullmatch(r"(\w+) *= *(.+)", text):
        return write(f"{pair[1]}: {pair[2]}")
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_")
    other = re.sub(r"^(\d+)_*(.*)", r"\2\1", name)  # `c2` for `2c`
    if not other[:1].isalpha():
        return ""
    return Replacement(f"write `{other}`", other, is_strong=other == name)


def _help_with_integer(part: Tree, schema: dict[str, Any]) -> str:
    """Help with the integer nearest to a number, or with an example."""
    if schema.get("type") != "integer" or not isinstance(part, Scalar):
        return ""
    if isinstance(part.value, int | float) and not isinstance(part.value, bool):
        nearest = max(int(part.value), schema.get("minimum", int(part.value)))
        is_same = nearest == part.value  # `2.0` is 2, and a negative number is a guess
        return Replacement(f"write `{nearest}`", str(nearest), is_strong=is_same)
    examples = schema.get("examples", [])
    return f"give a number, such as {examples[0]}" if examples else ""


def _help_with_inputs(shapes: list[object]) -> str:
    """Help with a list of shapes, as `[3x8x8, 1x8x8]`: each input has a name."""
    if len(shapes) == 1:
        return write(f"{shapes[0]}")
    pairs = (f"input{number}: {shape}" for number, shape in enumerate(shapes, start=1))
    text = f"{{{', '.join(pairs)}}}"
    return Replacement(f"give each input a name: `{text}`", text, is_strong=False)


def _help_with_input(sizes: list[str]) -> str:
    if not sizes or not all(re.fullmatch(SIZE, size) for size in sizes):
        return "a size is at least 1"
    if len(sizes) == 5:
        shape = "x".join(sizes[1:])
        help = f"write `{shape}` without the batch"
        return Replacement(help, shape, is_strong=False)
    return write("x".join(sizes)) if len(sizes) < 5 else ""
