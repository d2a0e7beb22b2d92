"""The page of every diagnostic code: its meaning, and a bad and a good example.

`archspec explain CODE` shows a page, and docs/diagnostics.md all of them.
"""

from __future__ import annotations

from typing import NamedTuple


class Page(NamedTuple):
    """The page of a code.

    An example is a list of steps of `net` if it starts with `- `, commands if it starts
    with `$ `, else lines of a spec. It omits the lines that all specs have in common.
    """

    meaning: str
    bad: str
    good: str


CODES: dict[str, Page] = {
    # --- files and YAML ---
    "unreadable-file": Page(
        "The file is missing, is a directory, or cannot be opened.",
        "$ archspec check nets/lenet.yaml",
        "$ archspec check lenet",
    ),
    "over-budget": Page(
        "The network has more parameters or MACs than `--max-params` or `--max-macs` "
        "allows. The steps with the largest costs are marked.",
        "$ archspec check vgg16 --max-params 100M",
        "$ archspec check vgg16 --max-params 150M",
    ),
    "not-text": Page(
        "The file is binary, or is not UTF-8 text.",
        "$ archspec check photo.png",
        "$ archspec check net.yaml",
    ),
    "file-too-large": Page(
        "The file is over 250,000 bytes; a spec is a page of text.",
        "$ archspec check weights.yaml",
        "$ archspec check net.yaml",
    ),
    "too-much-work": Page(
        "The spec computes very many values, as in a long expression in a repeat.",
        "- repeat:\n    - let: {most: max(range(1000))}\n    - relu\n  times: 1000",
        "- let: {most: max(range(1000))}\n- repeat: bn\n  times: most",
    ),
    "too-many-findings": Page(
        "The check ends after a hundred errors. Fix those first, or check whether "
        "this is the right file.",
        "$ archspec check notes.yaml",
        "$ archspec check net.yaml",
    ),
    "empty-document": Page(
        "The file is empty, or holds nothing but comments.",
        "$ archspec check empty.yaml",
        "$ archspec new mynet\n$ archspec check mynet.yaml",
    ),
    "second-document": Page(
        "A line `---` starts a second YAML document. A file holds one network.",
        "name: a\n---\nname: b",
        "name: a",
    ),
    "document-too-large": Page(
        "Aliases (`*name`) make the document many times larger than its text: an "
        "alias counts as often as it is used.",
        "params:\n"
        "  a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n"
        "  b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
        "  c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
        "  d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
        "  e: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]",
        "params: {layers: [3, 4, 6, 3]}\n"
        "net:\n"
        "  - repeat: conv(8, k=1)\n"
        "    times: layers[0]",
    ),
    "nesting-too-deep": Page(
        "Lists, brackets or block calls are nested too deep.",
        "- conv(((((((((((((((((((((((8)))))))))))))))))))))), k=1)",
        "- conv(8, k=1)",
    ),
    "invalid-yaml": Page(
        "The text is not YAML: a bracket or a quote is not closed, or lines that "
        "belong together are not indented alike.",
        "net: [conv(6, k=5)",
        "net:\n  - conv(6, k=5)",
    ),
    "tab-indentation": Page(
        "YAML allows only spaces for indentation.",
        "net:\n\t- relu",
        "net:\n  - relu",
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
        "params: {bias: yes}\nnet:\n  - conv(8, k=3, bias=bias)",
        "params: {bias: true}\nnet:\n  - conv(8, k=3, bias=bias)",
    ),
    "yaml-tag": Page(
        "YAML tags such as `!!python/object` have no meaning in a spec.",
        "name: !!str net",
        "name: net",
    ),
    "split-call": Page(
        "YAML has cut a call in pieces: within brackets it splits at every comma and "
        "ends a text before `{` or `[`. It takes the text before `: ` for a key. "
        "Quote the text, or write each item on a line of its own.",
        "net: [conv(64, k=3), relu]",
        "net:\n  - conv(64, k=3)\n  - relu",
    ),
    # --- the structure of a document ---
    "unknown-key": Page(
        "There is no such key here. An unknown key is never skipped: it may be a "
        "known one, mistyped.",
        "inptu: 1x28x28",
        "input: 1x28x28",
    ),
    "missing-key": Page(
        "A key that a spec needs is not there, such as `archspec` at its top, or "
        "`then` under `if`.",
        "- if: ch > 1",
        "- if: ch > 1\n  then: relu",
    ),
    "missing-step": Page(
        "Nothing stands where a step should. The identity is always spelled out.",
        "- add:\n    - conv(3, k=1)\n    -",
        "- add:\n    - conv(3, k=1)\n    - identity",
    ),
    "invalid-type": Page(
        "A value of the wrong form for its key.",
        "input: 28 x 28",
        "input: 1x28x28",
    ),
    "invalid-step": Page(
        "A mapping is not a step: two labels in one, or `repeat` without `times` "
        "or `for`.",
        "- conv1: conv(8, k=3)\n  relu1: relu",
        "- conv1: conv(8, k=3)\n- relu1: relu",
    ),
    # --- the call language ---
    "invalid-syntax": Page(
        "Text that is not in the language of calls: a bracket is not closed, a `|` is "
        "missing between two steps, or a sign stands where none can.",
        "- conv(64, k=3 | relu",
        "- conv(64, k=3) | relu",
    ),
    "invalid-label": Page(
        "A label names a module: letters, digits, `_` and `-`, and no name that "
        "Python or torch uses itself.",
        "- forward: conv(8, k=1)",
        "- conv1: conv(8, k=1)",
    ),
    "unknown-op": Page(
        "There is no op or block of this name. `archspec list` shows those there are.",
        "- cnov(64, k=3)",
        "- conv(64, k=3)",
    ),
    "not-callable": Page(
        "A parameter is called like a block, and holds something else.",
        "- let: {act: 3}\n- act",
        "- let: {act: relu}\n- act",
    ),
    "unknown-argument": Page(
        "The op or block has no parameter of this name. `archspec explain conv` shows "
        "the signature of `conv`.",
        "- conv(64, kernel=3)",
        "- conv(64, kernel_size=3)",
    ),
    "missing-argument": Page(
        "A parameter without a default is not given. The number for it may have been "
        "read as another: one positional argument more than a signature has is the "
        "number of input channels.",
        "- conv(64)",
        "- conv(64, k=3)",
    ),
    "too-many-arguments": Page(
        "Parameters after `*` in a signature are given by keyword. By position there "
        "may be those before it, and in front of them the number of input channels.",
        "- conv(3, 64, 3)",
        "- conv(3, 64, k=3)",
    ),
    "duplicate-argument": Page(
        "A parameter is given twice, perhaps by its short and its long name.",
        "- conv(64, k=3, kernel_size=3)",
        "- conv(64, k=3)",
    ),
    "invalid-argument-type": Page(
        "A value of a type that the parameter does not take. `/` makes a float, `//` "
        "an integer.",
        "- conv(64 / 2, k=3)",
        "- conv(64 // 2, k=3)",
    ),
    "invalid-argument": Page(
        "A value outside of what the parameter takes.",
        "- dropout(1.5)",
        "- dropout(0.5)",
    ),
    # --- names ---
    "undefined-name": Page(
        "A name that stands for nothing here: neither a param, nor a parameter of "
        "this block, nor a `let` before this step.",
        "- conv(width, k=3)",
        "- let: {width: 64}\n- conv(width, k=3)",
    ),
    "unknown-function": Page(
        "The name before the parentheses is neither a function nor an op or block. "
        "`docs/language.md` lists the functions.",
        "- conv(pow(ch, 2), k=1)",
        "- conv(ch ** 2, k=1)",
    ),
    "reserved-name": Page(
        "`cin`, `ch`, `ref` and words such as `if` have a meaning of their own.",
        "- let: {ch: 8}\n- conv(8, k=1)",
        "- let: {width: 8}\n- conv(width, k=1)",
    ),
    "duplicate-name": Page(
        "Two parameters, two blocks or two columns of `for` have one name.",
        "blocks:\n  unit(n, n): conv(n, k=1)\nnet:\n  - unit(8, 3)",
        "blocks:\n  unit(n, m): conv(n, k=m)\nnet:\n  - unit(8, 3)",
    ),
    "duplicate-label": Page(
        "Two layers of one body have one name, or a label in a repeat has no `{i}`. A layer "
        "without a label has a name too: its number in a plain chain, else the name it is "
        "called by and a count, such as `conv1`.",
        "- repeat:\n    layer: bn\n  times: 2",
        "- repeat:\n    layer{i}: bn\n  times: 2",
    ),
    "dangling-ref": Page(
        "`ref` names a label that no earlier step of the same body has, or of the bodies "
        "around it up to the block's own. A path leads into labelled groups, `ref(enc.low)`, "
        "not into blocks, layers or heads.",
        "- stem: conv(8, k=3)\n- ref(stm) | relu",
        "- stem: conv(8, k=3)\n- ref(stem) | relu",
    ),
    "ambiguous-index": Page(
        "In a repeat within a repeat of one body, `i` could be the index of either. "
        "`as` names one of them. The body of a block is a body of its own.",
        "- repeat:\n    - repeat: conv(8 * (i + 1), k=1)\n      times: 2\n  times: 3",
        "- repeat:\n    - repeat: conv(8 * (j + 1), k=1)\n      times: 2\n      as: j\n"
        "  times: 3",
    ),
    "missing-else": Page(
        "A join has all of its branches, so that an `if` that is one has an `else`: a "
        "branch, `identity`, or `none` for no branch. In a list, an `if` needs none.",
        "params: {deep: true}\nnet:\n- conv(8, k=1)\n- add:\n  - conv(8, k=1)\n"
        "  - {if: deep, then: relu}",
        "params: {deep: true}\nnet:\n- conv(8, k=1)\n- add:\n  - conv(8, k=1)\n"
        "  - {if: deep, then: relu, else: identity}",
    ),
    "tied-mismatch": Page(
        "`tied` runs the layers of an earlier step once more. What comes in may be of "
        "another size, but not of one that needs other weights.",
        "- stem: conv(8, k=3)\n- relu\n- tied(stem)",
        "- conv(8, k=3)\n- stem: conv(8, k=3)\n- relu\n- tied(stem)",
    ),
    "missing-ref": Page(
        "With several inputs, what the first step reads must be said: it is a `ref`, or a "
        "join of chains that begin with one.",
        "input: {image: 3x32x32, depth: 1x32x32}\nnet:\n  - conv(8, k=1)\n"
        "  - concat: [identity, ref(depth)]",
        "input: {image: 3x32x32, depth: 1x32x32}\nnet:\n  - concat: [ref(image), ref(depth)]\n"
        "  - conv(8, k=1)",
    ),
    "unread-input": Page(
        "No step reads an input.",
        "input: {image: 3x32x32, depth: 1x32x32}\nnet:\n  - ref(image) | conv(8, k=1)",
        "input: {image: 3x32x32, depth: 1x32x32}\nnet:\n  - concat: [ref(image), ref(depth)]\n"
        "  - conv(8, k=1)",
    ),
    "unknown-input": Page(
        "A shape is given for an input that the network does not have, or names none of "
        "several.",
        "$ archspec check lenet --input image=1x28x28",
        "$ archspec check lenet --input 1x28x28",
    ),
    "unknown-output": Page(
        "`outputs` names something that is not a label of `net`.",
        "net:\n  - low: conv(8, k=1)\n  - high: conv(8, k=1)\noutputs: [lo, high]",
        "net:\n  - low: conv(8, k=1)\n  - high: conv(8, k=1)\noutputs: [low, high]",
    ),
    "misplaced-ref": Page(
        "`ref` starts a chain. After `|` it would drop the output of the chain.",
        "- stem: conv(8, k=3)\n- relu | ref(stem)",
        "- stem: conv(8, k=3)\n- ref(stem) | relu",
    ),
    "misplaced-aux": Page(
        "`aux` is a step of `net` itself, since its heads are outputs of the network. In "
        "a block, a branch, a repeat or a labelled group it would be theirs.",
        "- add:\n"
        "    - conv(3, k=1)\n"
        "    - aux:\n"
        "        aux1: global_avgpool | flatten | linear(10)\n"
        "- global_avgpool | flatten | linear(10)",
        "- add:\n"
        "    - conv(3, k=1)\n"
        "    - identity\n"
        "- aux:\n"
        "    aux1: global_avgpool | flatten | linear(10)\n"
        "- global_avgpool | flatten | linear(10)",
    ),
    "unread-step": Page(
        "Nothing reads the output of a step: it would cost weights and arithmetic, and "
        "have no gradient.",
        "- stem: conv(8, k=3)\n- conv(16, k=3)\n- ref(stem) | relu",
        "- stem: conv(8, k=3)\n- ref(stem) | relu",
    ),
    "recursive-block": Page(
        "A block calls itself, perhaps through another one, and does not end within 80 "
        "steps in each other. An `if` that depends on an argument ends it.",
        "blocks:\n  unit(n): conv(n, k=1) | unit(n)\nnet:\n  - unit(8)",
        "blocks:\n  unit(n):\n    - conv(n, k=1)\n    - if: n > 1\n      then: unit(n // 2)\n"
        "net:\n  - unit(8)",
    ),
    # --- what has no use: warnings ---
    "unused-parameter": Page(
        "Nothing reads a parameter of a block, or one of `params`. One of a block that "
        "starts with `_` is meant to stay unread.",
        "blocks:\n  unit(cout, *, s=1): conv(cout, k=1)\nnet:\n  - unit(8)",
        "blocks:\n  unit(cout, *, s=1): conv(cout, k=1, s=s)\nnet:\n  - unit(8)",
    ),
    "unused-name": Page(
        "Nothing reads a name of `let`, or a column of `for`.",
        "- let: {w: 8}\n- conv(6, k=1)",
        "- let: {w: 8}\n- conv(w, k=1)",
    ),
    "unused-label": Page(
        "A label on `identity` names a place for `ref`, and no `ref` reads it.",
        "- start: identity\n- relu",
        "- start: identity\n- concat: [relu, ref(start)]",
    ),
    "softmax-output": Page(
        "A network that is trained here ends in a softmax, and the loss takes the "
        "softmax once more: training is slower, and ends worse.",
        "net:\n  - flatten | linear(10) | softmax\ntrain: {data: digits}",
        "net:\n  - flatten | linear(10)\ntrain: {data: digits}",
    ),
    "unused-block": Page(
        "Nothing calls a block of this spec.",
        "blocks: {unit: relu}\nnet:\n  - tanh",
        "blocks: {unit: relu}\nnet:\n  - unit",
    ),
    "unused-import": Page(
        "Nothing calls a block of an imported file.",
        "import: blocks.yaml\nnet:\n  - relu",
        "import: blocks.yaml\nnet:\n  - unit(8)",
    ),
    # --- what is hardly intended: warnings ---
    "last-layer": Page(
        "The network is trained with `cross_entropy`, which takes logits of any sign and "
        "size, and its last layer is an activation, a norm or a dropout. With `relu` "
        "there, a class whose logit is negative has no gradient; `softmax` is part of "
        "the loss.",
        "net:\n  - flatten | linear(10) | relu\ntrain: {data: digits}",
        "net:\n  - flatten | linear(10)\ntrain: {data: digits}",
    ),
    "untrainable-shape": Page(
        "The spec has a `train:` section, and `archspec train` refuses its network: "
        "training reads one image and compares one vector, a number for each class, with "
        "the label.",
        "net:\n  - conv(10, k=3)\ntrain: {data: digits}",
        "net:\n  - conv(10, k=3) | global_avgpool | flatten\ntrain: {data: digits}",
    ),
    "class-count": Page(
        "The data set of the `train:` section has another number of classes than the "
        "network has outputs. `archspec train` refuses it.",
        "net:\n  - flatten | linear(7)\ntrain: {data: digits}",
        "net:\n  - flatten | linear(10)\ntrain: {data: digits}",
    ),
    "batch-of-one": Page(
        "The network is trained with a batch size of one, and a batch norm reads a single "
        "value of each channel, whose variance is 0. torch refuses it.",
        "net:\n  - global_avgpool | bn | flatten | linear(10)\n"
        "train: {data: digits, batch_size: 1}",
        "net:\n  - global_avgpool | bn | flatten | linear(10)\n"
        "train: {data: digits, batch_size: 64}",
    ),
    "pool-gaps": Page(
        "The kernel of a pool is smaller than its stride, so that it skips rows and "
        "columns. A kernel of 1 subsamples on purpose.",
        "- maxpool(2, s=3)",
        "- maxpool(3)",
    ),
    "pool-enlarges": Page(
        "An adaptive pool makes a larger image than it reads, by repeating values. Often "
        "the input is smaller than the one that the network was made for.",
        "- maxpool(8) | adaptive_avgpool(7)",
        "- maxpool(8) | adaptive_avgpool(4)",
    ),
    "dropout-before-norm": Page(
        "A batch norm follows dropout. In training, dropout raises the variance that the "
        "norm sees and keeps for evaluation, where nothing is dropped (Li et al., 2018).",
        "- conv(8, k=3) | dropout(0.5) | bn | relu",
        "- conv(8, k=3) | bn | relu | dropout(0.5)",
    ),
    "repeated-step": Page(
        "An activation or `flatten` follows itself.",
        "- conv(8, k=3) | relu | relu",
        "- conv(8, k=3) | relu",
    ),
    "large-linear": Page(
        "A linear layer has more than 200 million weights, mostly because the image "
        "before it is large. Reduce it first, by strides or pools.",
        "- conv(256, k=3, p=1) | flatten | linear(1024)",
        "- conv(256, k=3, p=1) | adaptive_avgpool(7) | flatten | linear(1024)",
    ),
    "misplaced-none": Page(
        "`none` in an arm of an `if` that is a branch of a join means that there is no "
        "such branch. It is not a step.",
        "- conv(8, k=1)\n- none",
        "- add:\n    - conv(3, k=1)\n    - {if: true, then: identity, else: none}",
    ),
    "misplaced-each": Page(
        "`each` makes a branch of a join for each row; it is not a step by itself.",
        "- each: conv(8, k=1)\n  times: 2",
        "- concat:\n    - each: conv(8, k=1)\n      times: 2",
    ),
    "single-branch": Page(
        "Branches are joined, and there is one of them: nothing is added to it. The "
        "branch that passes its input on is spelled `identity`.",
        "- add:\n    - conv(3, k=1)",
        "- add:\n    - conv(3, k=1)\n    - identity",
    ),
    # --- params, variants, imports ---
    "unknown-parameter": Page(
        "`--set` or a variant names a parameter that is not in `params`.",
        "params: {width: 8}\nvariants: {wide: {wdith: 16}}\nnet:\n  - conv(width, k=3)",
        "params: {width: 8}\nvariants: {wide: {width: 16}}\nnet:\n  - conv(width, k=3)",
    ),
    "invalid-parameter-type": Page(
        "A parameter is set to a value of another type than its default.",
        "params: {width: 8}\n"
        "variants: {wide: {width: [16]}}\n"
        "net:\n"
        "  - conv(width, k=3)",
        "params: {width: 8}\nvariants: {wide: {width: 16}}\nnet:\n  - conv(width, k=3)",
    ),
    "unknown-variant": Page(
        "The spec has no variant of this name.",
        "$ archspec check lenet --variant wide",
        "$ archspec check lenet --set classes=100",
    ),
    "import-missing": Page(
        "The imported file does not exist, and there is no bundled spec of this name.",
        "import: block.yaml\nnet:\n  - unit(8)",
        "import: blocks.yaml\nnet:\n  - unit(8)",
    ),
    "import-outside": Page(
        "A spec imports only files in its directory or below, so that the spec of "
        "someone else does not read yours.",
        "import: ../blocks.yaml\nnet:\n  - unit(8)",
        "import: blocks.yaml\nnet:\n  - unit(8)",
    ),
    "import-cycle": Page(
        "Files import each other in a circle.",
        "import: net.yaml  # this file\nnet:\n  - unit(8)",
        "import: blocks.yaml\nnet:\n  - unit(8)",
    ),
    # --- values ---
    "division-by-zero": Page(
        "An expression divides by zero.",
        "- conv(8 // 0, k=1)",
        "- conv(8 // 2, k=1)",
    ),
    "index-out-of-range": Page(
        "A tuple has fewer items than the index asks for; the first has the index 0.",
        "- conv((8, 16)[2], k=1)",
        "- conv((8, 16)[1], k=1)",
    ),
    "number-too-large": Page(
        "A number does not fit into 64 bits, or a tuple is very long.",
        "- conv(9**9**9, k=1)",
        "- conv(9**2, k=1)",
    ),
    "unequal-columns": Page(
        "`for` runs once for each row, and its columns have different lengths, or a row "
        "has more or fewer values than the names of its pattern.",
        "- repeat: vgg_block(c, n)\n  for: {n: [2, 2], c: [64]}",
        "- repeat: vgg_block(c, n)\n  for: {n: [2, 2], c: [64, 128]}",
    ),
    "empty-repeat": Page(
        "A repeat that happens zero times. To leave steps out, put them under `if`.",
        "- repeat: relu\n  times: 0",
        "- repeat: relu\n  times: 1",
    ),
    "too-many-layers": Page(
        "The network is larger than archspec expands, often by a slip in a `times`.",
        "- repeat: conv(8, k=1)\n  times: 1000000",
        "- repeat: conv(8, k=1)\n  times: 10",
    ),
    # --- shapes ---
    "channel-mismatch": Page(
        "A step says how many channels come in, and it is another number that does; "
        "or branches are added, and they have different channels. The input channels "
        "of a step may always be left out.",
        "- conv(3, 6, k=5)\n- conv(16, 32, k=5)",
        "- conv(3, 6, k=5)\n- conv(6, 32, k=5)",
    ),
    "size-mismatch": Page(
        "Branches that are joined have different heights or widths: their strides "
        "differ, or a kernel is not padded. A padding of half the kernel keeps the "
        "size.",
        "- concat:\n    - conv(8, k=3)\n    - identity",
        "- concat:\n    - conv(8, k=3, p=1)\n    - identity",
    ),
    "unflattened-input": Page(
        "A linear layer stands after an image with its channels first; it takes "
        "features, or an image or tokens with the channels last.",
        "- conv(6, k=5) | linear(10)",
        "- conv(6, k=5) | flatten | linear(10)",
    ),
    "wrong-rank": Page(
        "An op needs other axes, or the channels in another place. Convolutions, pools "
        "and `bn` take the channels first; `linear` and attention take them last; "
        "`permute`, `tokens` and `flatten` change them.",
        "- flatten | conv(8, k=1)",
        "- conv(8, k=1) | flatten",
    ),
    "unpaired-op": Page(
        "`unpartition` makes the image again that the last `partition` before it took.",
        "- permute(0, 2, 3, 1) | unpartition",
        "- partition(4) | relu | unpartition",
    ),
    "axes-mismatch": Page(
        "Branches are joined whose axes are not the same or not in the same order, even "
        "if the numbers agree.",
        "- add: [identity, 'permute(0, 1, 3, 2)']",
        "- add: [identity, relu]",
    ),
    "empty-output": Page(
        "A kernel or window is larger than what comes in, so that nothing comes out. "
        "Strides and pools before it may have left too little.",
        "- conv(8, k=33)",
        "- conv(8, k=3)",
    ),
    "indivisible-groups": Page(
        "`g` must divide the input and the output channels.",
        "- conv(64, k=1)\n- conv(64, k=3, g=3)",
        "- conv(64, k=1)\n- conv(64, k=3, g=4)",
    ),
    "indivisible-split": Page(
        "`split` gives each of its branches as many channels, and their number does "
        "not divide those that come in.",
        "- split: [relu, tanh]",
        "- split: [relu, tanh, identity]",
    ),
    "output-mismatch": Page(
        "A head of `aux` is trained on the network's own labels, so that it makes "
        "what the network makes.",
        "- aux: {aux1: flatten | linear(5)}\n- flatten | linear(10)",
        "- aux: {aux1: flatten | linear(10)}\n- flatten | linear(10)",
    ),
    "shape-assertion": Page(
        "The output of a step differs from the shape after `->`: one of the two is "
        "wrong.",
        "- flatten | linear(10) -> [16]",
        "- flatten | linear(10) -> [10]",
    ),
}
