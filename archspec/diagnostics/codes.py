"""Every diagnostic code: what it means, an example that has it, and one that does not.

`archspec explain CODE` shows an entry.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """What `archspec explain` says about a code."""

    meaning: str
    bad: str = ""
    good: str = ""


CODES: dict[str, Page] = {
    # --- files and YAML ---
    "unreadable-file": Page(
        "The file is missing, is a directory, or cannot be opened.",
    ),
    "not-text": Page(
        "The file is binary, or is not UTF-8 text.",
    ),
    "file-too-large": Page(
        "A spec is a page of text; this file is over a megabyte.",
    ),
    "empty-document": Page(
        "The file has no content.",
    ),
    "second-document": Page(
        "A line `---` starts a second YAML document. A file holds one network.",
        "name: a\n---\nname: b",
        "name: a",
    ),
    "document-too-large": Page(
        "Aliases (`*name`) make the document many times larger than its text.",
    ),
    "nesting-too-deep": Page(
        "Lists, brackets or block calls are nested too deep.",
    ),
    "invalid-yaml": Page(
        "The text is not YAML.",
        "net: [conv(6, k=5)",
        "net:\n  - conv(6, k=5)",
    ),
    "tab-indentation": Page(
        "YAML allows only spaces for indentation.",
        "blocks:\n\tunit: relu",
        "blocks:\n  unit: relu",
    ),
    "duplicate-key": Page(
        "A key is written twice in one mapping. YAML would keep the last one.",
        "name: a\nname: b",
        "name: b",
    ),
    "ambiguous-scalar": Page(
        "A value that YAML 1.1 and YAML 1.2 read differently, or a number in "
        "quotes. `yes`, `no`, `on` and `off` are truth values to some readers and "
        "text to others, `010` is octal to some, and `12:30` is 750 to some.",
        "params: {bias: yes}",
        "params: {bias: true}",
    ),
    "yaml-tag": Page(
        "YAML tags such as `!!python/object` have no meaning in a spec.",
        "name: !!str net",
        "name: net",
    ),
    "split-call": Page(
        "YAML has cut a call in pieces: in a flow list it splits at every comma, "
        "and it takes the text before `: ` for a key.",
        "net: [conv(64, k=3), relu]",
        "net:\n  - conv(64, k=3)\n  - relu",
    ),
    # --- the structure of a document ---
    "unknown-key": Page(
        "A key that a spec does not have here.",
        "inptu: 1x28x28",
        "input: 1x28x28",
    ),
    "missing-key": Page(
        "A key that a spec needs is not there.",
        "if: ch > 1",
        "if: ch > 1\nthen: relu",
    ),
    "missing-step": Page(
        "Nothing stands where a step should. The identity is always spelled out.",
        "add:\n  - conv(3, k=1)\n  -",
        "add:\n  - conv(3, k=1)\n  - identity",
    ),
    "invalid-type": Page(
        "A value of the wrong form for its key.",
        "input: 28x28",
        "input: 1x28x28",
    ),
    "invalid-step": Page(
        "A mapping that is no step: two labels in one, or `repeat` without `times` "
        "or `for`.",
        "- conv1: conv(8, k=3)\n  relu1: relu",
        "- conv1: conv(8, k=3)\n- relu1: relu",
    ),
    # --- the call language ---
    "invalid-syntax": Page(
        "Text that the call language does not have.",
        "conv(64, k=3 | relu",
        "conv(64, k=3) | relu",
    ),
    "invalid-label": Page(
        "A label becomes an attribute of a module: letters, digits and `_`, and no "
        "name that Python or torch uses itself.",
        "forward: conv(8, k=1)",
        "conv1: conv(8, k=1)",
    ),
    "unknown-op": Page(
        "There is no op or block of this name.",
        "cnov(64, k=3)",
        "conv(64, k=3)",
    ),
    "not-callable": Page(
        "A parameter is called like a block, and holds something else.",
        "- let: {act: 3}\n- act",
        "- let: {act: relu}\n- act",
    ),
    "unknown-argument": Page(
        "The op or block has no parameter of this name.",
        "conv(64, kernel=3)",
        "conv(64, kernel_size=3)",
    ),
    "missing-argument": Page(
        "A parameter without a default is not given.",
        "conv(64)",
        "conv(64, k=3)",
    ),
    "too-many-arguments": Page(
        "More positional arguments than parameters before `*`, plus one for the "
        "input channels.",
        "conv(3, 64, 3)",
        "conv(3, 64, k=3)",
    ),
    "duplicate-argument": Page(
        "A parameter is given twice, perhaps by its short and its long name.",
        "conv(64, k=3, kernel_size=3)",
        "conv(64, k=3)",
    ),
    "invalid-argument-type": Page(
        "A value of a type that the parameter does not take.",
        "conv(64 / 2, k=3)",
        "conv(64 // 2, k=3)",
    ),
    "invalid-argument": Page(
        "A value outside of what the parameter takes.",
        "dropout(1.5)",
        "dropout(0.5)",
    ),
    # --- names ---
    "undefined-name": Page(
        "A name that stands for nothing here.",
        "conv(width, k=3)",
        "- let: {width: 64}\n- conv(width, k=3)",
    ),
    "unknown-function": Page(
        "The language has `min`, `max`, `round`, `len`, `range` and `int`.",
        "conv(abs(ch), k=1)",
        "conv(max(ch, 8), k=1)",
    ),
    "reserved-name": Page(
        "`cin`, `ch`, `ref` and words such as `if` have a meaning of their own.",
        "let: {ch: 3}",
        "let: {width: 3}",
    ),
    "duplicate-name": Page(
        "Two parameters or two blocks have one name.",
        "blocks:\n  unit(n, n): relu",
        "blocks:\n  unit(n, m): relu",
    ),
    "duplicate-label": Page(
        "Two steps of one body have one label, or a label in a repeat has no `{i}`.",
        "repeat: {layer: relu}\ntimes: 2",
        "repeat:\n  layer{i}: relu\ntimes: 2",
    ),
    "dangling-ref": Page(
        "`ref` names a label that no earlier step of the same body has.",
        "ref(stm) | relu",
        "ref(stem) | relu",
    ),
    "misplaced-ref": Page(
        "`ref` starts a chain; behind `|` it would drop what the chain has made.",
        "relu | ref(stem)",
        "ref(stem) | relu",
    ),
    "recursive-block": Page(
        "A block calls itself, perhaps through another one.",
        "blocks: {a: relu | a}",
        "blocks: {a: relu | tanh}",
    ),
    # --- params, variants, imports ---
    "unknown-parameter": Page(
        "`--set` or a variant names a parameter that is not in `params`.",
        "params: {width: 2}\nvariants: {big: {wdith: 3}}",
        "params: {width: 2}\nvariants: {big: {width: 3}}",
    ),
    "invalid-parameter-type": Page(
        "A parameter is set to a value of another type than its default.",
        "params: {width: 2}\nvariants: {big: {width: [3]}}",
        "params: {width: 2}\nvariants: {big: {width: 3}}",
    ),
    "unknown-variant": Page(
        "The spec has no variant of this name.",
    ),
    "import-missing": Page(
        "The imported file does not exist.",
    ),
    "import-outside": Page(
        "A spec imports only files that lie beside it or below.",
    ),
    "import-cycle": Page(
        "Files import each other in a circle.",
    ),
    # --- values ---
    "division-by-zero": Page(
        "An expression divides by zero.",
        "conv(8 // 0, k=1)",
        "conv(8 // 2, k=1)",
    ),
    "index-out-of-range": Page(
        "A tuple has fewer items than the index asks for.",
        "conv((8, 16)[2], k=1)",
        "conv((8, 16)[1], k=1)",
    ),
    "number-too-large": Page(
        "A number does not fit into 64 bits, or a tuple is very long.",
        "conv(9**9**9, k=1)",
        "conv(9**2, k=1)",
    ),
    "unequal-columns": Page(
        "The columns of `for` have different lengths.",
        "for: {n: [2, 2], c: [64]}",
        "for: {n: [2, 2], c: [64, 128]}",
    ),
    "empty-repeat": Page(
        "A repeat that happens zero times.",
        "times: 0",
        "times: 1",
    ),
    "too-many-layers": Page(
        "The network is larger than archspec expands.",
        "repeat: relu\ntimes: 1000000",
        "repeat: relu\ntimes: 10",
    ),
    # --- shapes ---
    "channel-mismatch": Page(
        "The channels that a step states or needs are not those that come in.",
        "conv(1, 6, k=5) | conv(16, 32, k=5)",
        "conv(1, 6, k=5) | conv(6, 32, k=5)",
    ),
    "size-mismatch": Page(
        "Branches that are joined have different heights or widths.",
        "concat:\n  - conv(8, k=3)\n  - identity",
        "concat:\n  - conv(8, k=3, p=1)\n  - identity",
    ),
    "unflattened-input": Page(
        "A linear layer stands after an image.",
        "conv(6, k=5) | linear(10)",
        "conv(6, k=5) | flatten | linear(10)",
    ),
    "wrong-rank": Page(
        "An op that needs an image stands after `flatten`, or the like.",
        "flatten | conv(8, k=1)",
        "conv(8, k=1) | flatten",
    ),
    "empty-output": Page(
        "A kernel or window is larger than its input, so that nothing comes out.",
        "conv(8, k=30)",
        "conv(8, k=3)",
    ),
    "indivisible-groups": Page(
        "`g` must divide the input and the output channels.",
        "conv(64, k=3, g=3)",
        "conv(64, k=3, g=4)",
    ),
    "indivisible-split": Page(
        "`split` needs channels that its branches divide.",
        "split: [relu, tanh]",
        "split: [relu, tanh, identity]",
    ),
    "shape-assertion": Page(
        "A step does not make the shape written behind `->`.",
        "flatten | linear(10) -> [16]",
        "flatten | linear(10) -> [10]",
    ),
}
