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
        "The file has over 250,000 bytes.",
        "$ archspec check weights.yaml",
        "$ archspec check net.yaml",
    ),
    "too-much-work": Page(
        "The spec computes too many values, for example in a long expression in a "
        "repeat, or has too many variants.",
        "- repeat:\n    - let: {most: max(range(1000))}\n    - relu\n  times: 1000",
        "- let: {most: max(range(1000))}\n- repeat: bn\n  times: most",
    ),
    "too-many-findings": Page(
        "The check stops after a hundred errors. Fix those first, or check whether "
        "you named the right file.",
        "$ archspec check notes.yaml",
        "$ archspec check net.yaml",
    ),
    "empty-document": Page(
        "The file is empty, or contains only comments.",
        "$ archspec check empty.yaml",
        "$ archspec new mynet\n$ archspec check mynet.yaml",
    ),
    "second-document": Page(
        "A line `---` starts a second YAML document. A file contains one network.",
        "name: a\n---\nname: b",
        "name: a",
    ),
    "document-too-large": Page(
        "Aliases (`*name`) make the document many times larger than its text: each "
        "use of an alias counts.",
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
        "Lists, brackets or block calls are nested too deeply.",
        "- conv(((((((((((((((((((((((8)))))))))))))))))))))), k=1)",
        "- conv(8, k=1)",
    ),
    "invalid-yaml": Page(
        "The text is not valid YAML: a bracket or a quote is not closed, or the "
        "indentation is inconsistent.",
        "net: [conv(6, k=5)",
        "net:\n  - conv(6, k=5)",
    ),
    "tab-indentation": Page(
        "YAML allows only spaces for indentation.",
        "net:\n\t- relu",
        "net:\n  - relu",
    ),
    "duplicate-key": Page(
        "A mapping has a duplicate key. YAML would keep the last value.",
        "name: a\nname: b",
        "name: b",
    ),
    "ambiguous-scalar": Page(
        "YAML 1.1 and YAML 1.2 read the value differently, or a number is in "
        "quotes. `yes`, `no`, `on` and `off` are booleans in YAML 1.1 and text in "
        "YAML 1.2. In YAML 1.1, `010` is octal and `12:30` is 750.",
        "params: {bias: yes}\nnet:\n  - conv(8, k=3, bias=bias)",
        "params: {bias: true}\nnet:\n  - conv(8, k=3, bias=bias)",
    ),
    "yaml-tag": Page(
        "YAML tags such as `!!python/object` have no meaning in a spec.",
        "name: !!str net",
        "name: net",
    ),
    "split-call": Page(
        "YAML has split a call: inside brackets, it splits at every comma and ends "
        "text before `{` or `[`. It reads text before `: ` as a key. Quote the "
        "text, or write one item per line.",
        "net: [conv(64, k=3), relu]",
        "net:\n  - conv(64, k=3)\n  - relu",
    ),
    # --- the structure of a document ---
    "unknown-key": Page(
        "The key is unknown. archspec never ignores an unknown key, since it may be"
        " a misspelled one.",
        "inptu: 1x28x28",
        "input: 1x28x28",
    ),
    "missing-key": Page(
        "A required key is missing, such as `archspec` at the top of a spec, or "
        "`then` under `if`.",
        "- if: ch > 1",
        "- if: ch > 1\n  then: relu",
    ),
    "missing-step": Page(
        "A step is missing. Write `identity` for an unchanged input.",
        "- add:\n    - conv(3, k=1)\n    -",
        "- add:\n    - conv(3, k=1)\n    - identity",
    ),
    "invalid-type": Page(
        "The value has the wrong form for its key.",
        "input: 28 x 28",
        "input: 1x28x28",
    ),
    "invalid-step": Page(
        "The mapping is not a step: it has two labels, or `repeat` without `times` "
        "or `for`.",
        "- conv1: conv(8, k=3)\n  relu1: relu",
        "- conv1: conv(8, k=3)\n- relu1: relu",
    ),
    # --- the call language ---
    "invalid-syntax": Page(
        "The text is not a valid call or expression: a bracket is not closed, a `|`"
        " is missing between two steps, or an operator is unexpected.",
        "- conv(64, k=3 | relu",
        "- conv(64, k=3) | relu",
    ),
    "invalid-label": Page(
        "The label is not a valid name. A label consists of letters, digits, `_` "
        "and `-`, and must not be a word of the language, as `none`, or a name that "
        "Python or torch uses.",
        "- forward: conv(8, k=1)",
        "- conv1: conv(8, k=1)",
    ),
    "unknown-op": Page(
        "No op or block has this name. `archspec list` shows all of them.",
        "- cnov(64, k=3)",
        "- conv(64, k=3)",
    ),
    "not-callable": Page(
        "A value that is not an op or block is called.",
        "- let: {act: 3}\n- act",
        "- let: {act: relu}\n- act",
    ),
    "unknown-argument": Page(
        "The op or block has no parameter of this name. `archspec explain conv` "
        "shows the signature of `conv`.",
        "- conv(64, kernel=3)",
        "- conv(64, kernel_size=3)",
    ),
    "missing-argument": Page(
        "A required argument is missing. archspec may have read it as another one: "
        "one additional positional argument is the number of input channels.",
        "- conv(64)",
        "- conv(64, k=3)",
    ),
    "too-many-arguments": Page(
        "A call has too many positional arguments. Parameters after `*` in a "
        "signature are keyword-only. One additional positional argument is the "
        "number of input channels.",
        "- conv(3, 64, 3)",
        "- conv(3, 64, k=3)",
    ),
    "duplicate-argument": Page(
        "An argument is given twice, for example by its short and its long name.",
        "- conv(64, k=3, kernel_size=3)",
        "- conv(64, k=3)",
    ),
    "invalid-argument-type": Page(
        "The parameter does not accept values of this type. `/` gives a float, and "
        "`//` an integer.",
        "- conv(64 / 2, k=3)",
        "- conv(64 // 2, k=3)",
    ),
    "invalid-argument": Page(
        "The value is out of the parameter's range.",
        "- dropout(1.5)",
        "- dropout(0.5)",
    ),
    # --- names ---
    "undefined-name": Page(
        "The name is undefined here: it is not a param, a parameter of this block, "
        "or a name in an earlier `let`.",
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
        "`cin`, `ch`, `ref` and words such as `if` are reserved.",
        "- let: {ch: 8}\n- conv(8, k=1)",
        "- let: {width: 8}\n- conv(width, k=1)",
    ),
    "duplicate-name": Page(
        "Two parameters, two blocks or two columns of `for` have the same name, or a "
        "column or an index has the name of another value.",
        "blocks:\n  unit(n, n): conv(n, k=1)\nnet:\n  - unit(8, 3)",
        "blocks:\n  unit(n, m): conv(n, k=m)\nnet:\n  - unit(8, 3)",
    ),
    "duplicate-label": Page(
        "Two layers of one body have the same name, or a label in a repeat lacks "
        "`{i}`. A layer without a label has a name too: its number in a plain "
        "chain, else the name in its call with a count, such as `conv1`.",
        "- repeat:\n    layer: bn\n  times: 2",
        "- repeat:\n    layer{i}: bn\n  times: 2",
    ),
    "dangling-ref": Page(
        "`ref` names a label that does not exist in earlier steps of its body, or "
        "of the surrounding bodies up to the block's body. A path such as "
        "`ref(enc.low)` reaches into labeled groups, not into blocks, layers or "
        "heads.",
        "- stem: conv(8, k=3)\n- ref(stm) | relu",
        "- stem: conv(8, k=3)\n- ref(stem) | relu",
    ),
    "ambiguous-index": Page(
        "In nested repeats of one body, `i` is ambiguous. Name an index with `as`. "
        "The body of a block is separate.",
        "- repeat:\n    - repeat: conv(8 * (i + 1), k=1)\n      times: 2\n  times: 3",
        "- repeat:\n    - repeat: conv(8 * (j + 1), k=1)\n      times: 2\n      as: j\n"
        "  times: 3",
    ),
    "missing-else": Page(
        "An `if` that is a branch of a join requires an `else`: a branch, "
        "`identity`, or `none` to omit the branch. In a list, `else` is optional.",
        "params: {deep: true}\nnet:\n- conv(8, k=1)\n- add:\n  - conv(8, k=1)\n"
        "  - {if: deep, then: relu}",
        "params: {deep: true}\nnet:\n- conv(8, k=1)\n- add:\n  - conv(8, k=1)\n"
        "  - {if: deep, then: relu, else: identity}",
    ),
    "tied-mismatch": Page(
        "`tied` applies the layers of an earlier step to another input. The input "
        "may have another size if the weights have the same shapes.",
        "- stem: conv(8, k=3)\n- relu\n- tied(stem)",
        "- conv(8, k=3)\n- stem: conv(8, k=3)\n- relu\n- tied(stem)",
    ),
    "missing-ref": Page(
        "With several inputs, the first step is a `ref`, or a join of chains that "
        "begin with a `ref`.",
        "input: {image: 3x32x32, depth: 1x32x32}\nnet:\n  - conv(8, k=1)\n"
        "  - concat: [identity, ref(depth)]",
        "input: {image: 3x32x32, depth: 1x32x32}\nnet:\n  - concat: [ref(image), ref(depth)]\n"
        "  - conv(8, k=1)",
    ),
    "unread-input": Page(
        "An input is unused.",
        "input: {image: 3x32x32, depth: 1x32x32}\nnet:\n  - ref(image) | conv(8, k=1)",
        "input: {image: 3x32x32, depth: 1x32x32}\nnet:\n  - concat: [ref(image), ref(depth)]\n"
        "  - conv(8, k=1)",
    ),
    "unknown-input": Page(
        "`--input` names an unknown input, or omits the name although there are "
        "several inputs.",
        "$ archspec check lenet --input image=1x28x28",
        "$ archspec check lenet --input 1x28x28",
    ),
    "unknown-output": Page(
        "`outputs` names something that is not a label of `net`.",
        "net:\n  - low: conv(8, k=1)\n  - high: conv(8, k=1)\noutputs: [lo, high]",
        "net:\n  - low: conv(8, k=1)\n  - high: conv(8, k=1)\noutputs: [low, high]",
    ),
    "misplaced-ref": Page(
        "`ref` starts a chain. After `|` it would discard the output of the chain.",
        "- stem: conv(8, k=3)\n- relu | ref(stem)",
        "- stem: conv(8, k=3)\n- ref(stem) | relu",
    ),
    "misplaced-aux": Page(
        "`aux` must be a step of `net`, since its heads are outputs of the network."
        " It is not allowed in a block, a branch, a repeat or a labeled group.",
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
        "The output of a step is unused, so its weights would cost time and have no"
        " gradient.",
        "- stem: conv(8, k=3)\n- conv(16, k=3)\n- ref(stem) | relu",
        "- stem: conv(8, k=3)\n- ref(stem) | relu",
    ),
    "recursive-block": Page(
        "A block calls itself, directly or through another block, and does not end "
        "within 80 nested steps. End the recursion with an `if` that depends on an "
        "argument.",
        "blocks:\n  unit(n): conv(n, k=1) | unit(n)\nnet:\n  - unit(8)",
        "blocks:\n  unit(n):\n    - conv(n, k=1)\n    - if: n > 1\n      then: unit(n // 2)\n"
        "net:\n  - unit(8)",
    ),
    # --- what has no use: warnings ---
    "unused-parameter": Page(
        "A parameter of a block or of `params` is unused. Start the name of a "
        "block's parameter with `_` to allow this.",
        "blocks:\n  unit(cout, *, s=1): conv(cout, k=1)\nnet:\n  - unit(8)",
        "blocks:\n  unit(cout, *, s=1): conv(cout, k=1, s=s)\nnet:\n  - unit(8)",
    ),
    "unused-name": Page(
        "A name in `let` or a column of `for` is unused.",
        "- let: {w: 8}\n- conv(6, k=1)",
        "- let: {w: 8}\n- conv(w, k=1)",
    ),
    "unused-label": Page(
        "A label on `identity` names a place for `ref`, but no `ref` uses it.",
        "- start: identity\n- relu",
        "- start: identity\n- concat: [relu, ref(start)]",
    ),
    "softmax-output": Page(
        "The network has a `train:` section and ends in a softmax. The loss applies"
        " a softmax too, which makes training slower and less accurate.",
        "net:\n  - flatten | linear(10) | softmax\ntrain: {data: digits}",
        "net:\n  - flatten | linear(10)\ntrain: {data: digits}",
    ),
    "unused-block": Page(
        "A block of this spec is unused.",
        "blocks: {unit: relu}\nnet:\n  - tanh",
        "blocks: {unit: relu}\nnet:\n  - unit",
    ),
    "unused-import": Page(
        "The blocks of an imported file are unused.",
        "import: blocks.yaml\nnet:\n  - relu",
        "import: blocks.yaml\nnet:\n  - unit(8)",
    ),
    # --- what is hardly intended: warnings ---
    "last-layer": Page(
        "The network is trained with `cross_entropy`, which expects logits of any "
        "sign and size, but its last layer is an activation, a norm or a dropout. "
        "After a `relu`, a class with a negative logit has no gradient. `softmax` "
        "is part of the loss.",
        "net:\n  - flatten | linear(10) | relu\ntrain: {data: digits}",
        "net:\n  - flatten | linear(10)\ntrain: {data: digits}",
    ),
    "untrainable-shape": Page(
        "The spec has a `train:` section, but `archspec train` rejects its network."
        " Training requires one image as input, and one vector with a number for "
        "each class as output.",
        "net:\n  - conv(10, k=3)\ntrain: {data: digits}",
        "net:\n  - conv(10, k=3) | global_avgpool | flatten\ntrain: {data: digits}",
    ),
    "class-count": Page(
        "The number of outputs differs from the number of classes in the data set "
        "of the `train:` section. `archspec train` rejects such a network.",
        "net:\n  - flatten | linear(7)\ntrain: {data: digits}",
        "net:\n  - flatten | linear(10)\ntrain: {data: digits}",
    ),
    "batch-of-one": Page(
        "The batch size is one, and a batch norm reads a single value per channel, "
        "whose variance is 0. torch rejects this.",
        "net:\n  - global_avgpool | bn | flatten | linear(10)\n"
        "train: {data: digits, batch_size: 1}",
        "net:\n  - global_avgpool | bn | flatten | linear(10)\n"
        "train: {data: digits, batch_size: 64}",
    ),
    "pool-gaps": Page(
        "The kernel of a pool is smaller than its stride, so the pool skips rows "
        "and columns. A kernel of 1 subsamples on purpose.",
        "- maxpool(2, s=3)",
        "- maxpool(3)",
    ),
    "pool-enlarges": Page(
        "An adaptive pool enlarges the image by repeating values. The input is "
        "probably smaller than intended.",
        "- maxpool(8) | adaptive_avgpool(7)",
        "- maxpool(8) | adaptive_avgpool(4)",
    ),
    "dropout-before-norm": Page(
        "A batch norm follows a dropout. In training, dropout increases the "
        "variance that the norm records for evaluation, where nothing is dropped "
        "(Li et al., 2018).",
        "- conv(8, k=3) | dropout(0.5) | bn | relu",
        "- conv(8, k=3) | bn | relu | dropout(0.5)",
    ),
    "square-signal": Page(
        "An input of two numbers is a signal of channels and length. One with as many "
        "channels as values is probably a gray image, which has three numbers.",
        "input: 28x28\nnet:\n  - conv(8, k=3)",
        "input: 1x28x28\nnet:\n  - conv(8, k=3)",
    ),
    "repeated-step": Page(
        "An activation or `flatten` follows itself.",
        "- conv(8, k=3) | relu | relu",
        "- conv(8, k=3) | relu",
    ),
    "large-linear": Page(
        "A linear layer has more than 200 million weights, usually because its "
        "input image is large. Reduce the image first with strides or pools.",
        "- conv(256, k=3, p=1) | flatten | linear(1024)",
        "- conv(256, k=3, p=1) | adaptive_avgpool(7) | flatten | linear(1024)",
    ),
    "misplaced-none": Page(
        "`none` omits a branch of a join, in an arm of an `if`. It is not a step.",
        "- conv(8, k=1)\n- none",
        "- add:\n    - conv(3, k=1)\n    - {if: true, then: identity, else: none}",
    ),
    "misplaced-each": Page(
        "`each` adds one branch per row to a join. It is not a step by itself, and not "
        "a branch of `sub`, which has two.",
        "- each: conv(8, k=1)\n  times: 2",
        "- concat:\n    - each: conv(8, k=1)\n      times: 2",
    ),
    "single-branch": Page(
        "A join has only one branch. Write `identity` for a branch that returns its"
        " input.",
        "- add:\n    - conv(3, k=1)",
        "- add:\n    - conv(3, k=1)\n    - identity",
    ),
    # --- params, variants, imports ---
    "unknown-parameter": Page(
        "`--set` or a variant names an unknown param.",
        "params: {width: 8}\nvariants: {wide: {wdith: 16}}\nnet:\n  - conv(width, k=3)",
        "params: {width: 8}\nvariants: {wide: {width: 16}}\nnet:\n  - conv(width, k=3)",
    ),
    "invalid-parameter-type": Page(
        "The value of a param has another type than the default.",
        "params: {width: 8}\n"
        "variants: {wide: {width: [16]}}\n"
        "net:\n"
        "  - conv(width, k=3)",
        "params: {width: 8}\nvariants: {wide: {width: 16}}\nnet:\n  - conv(width, k=3)",
    ),
    "unknown-variant": Page(
        "The spec has no variant of this name.",
        "$ archspec check mlp_mixer --variant s8",
        "$ archspec check mlp_mixer --variant s16",
    ),
    "import-missing": Page(
        "The imported file does not exist, and no bundled spec has this name.",
        "import: block.yaml\nnet:\n  - unit(8)",
        "import: blocks.yaml\nnet:\n  - unit(8)",
    ),
    "import-outside": Page(
        "A spec can import only files in its directory and below. An untrusted spec"
        " therefore cannot read your other files.",
        "import: ../blocks.yaml\nnet:\n  - unit(8)",
        "import: blocks.yaml\nnet:\n  - unit(8)",
    ),
    "import-cycle": Page(
        "Files import each other in a cycle.",
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
        "The index is out of range. The first item has the index 0.",
        "- conv((8, 16)[2], k=1)",
        "- conv((8, 16)[1], k=1)",
    ),
    "number-too-large": Page(
        "A number does not fit into 64 bits, or a tuple is too long.",
        "- conv(9**9**9, k=1)",
        "- conv(9**2, k=1)",
    ),
    "unequal-columns": Page(
        "The columns of `for` have different lengths, or a row does not match the "
        "names of its pattern.",
        "- repeat: vgg_block(c, n)\n  for: {n: [2, 2], c: [64]}",
        "- repeat: vgg_block(c, n)\n  for: {n: [2, 2], c: [64, 128]}",
    ),
    "empty-repeat": Page(
        "A repeat runs zero times. To omit steps, use `if`.",
        "- repeat: relu\n  times: 0",
        "- repeat: relu\n  times: 1",
    ),
    "too-many-layers": Page(
        "The network has too many layers, probably because of a wrong `times`.",
        "- repeat: conv(8, k=1)\n  times: 1000000",
        "- repeat: conv(8, k=1)\n  times: 10",
    ),
    # --- shapes ---
    "channel-mismatch": Page(
        "The input channels of a step differ from the stated number, or the "
        "branches of an `add` have different channels. You can always omit the "
        "input channels.",
        "- conv(3, 6, k=5)\n- conv(16, 32, k=5)",
        "- conv(3, 6, k=5)\n- conv(6, 32, k=5)",
    ),
    "size-mismatch": Page(
        "The branches of a join have different heights or widths: their strides "
        "differ, or a kernel lacks padding. A padding of half the kernel keeps the "
        "size.",
        "- concat:\n    - conv(8, k=3)\n    - identity",
        "- concat:\n    - conv(8, k=3, p=1)\n    - identity",
    ),
    "unflattened-input": Page(
        "A linear layer follows an image with the channels first. It requires "
        "features, or an image or tokens with the channels last.",
        "- conv(6, k=5) | linear(10)",
        "- conv(6, k=5) | flatten | linear(10)",
    ),
    "wrong-rank": Page(
        "The op requires other axes or another order. Convolutions, pools and `bn` "
        "require the channels first; `linear` and attention require them last. "
        "Convert with `permute`, `tokens` or `flatten`.",
        "- flatten | conv(8, k=1)",
        "- conv(8, k=1) | flatten",
    ),
    "unpaired-op": Page(
        "`unpartition` reverses the last `partition` before it, which is missing.",
        "- permute(0, 2, 3, 1) | unpartition",
        "- partition(4) | relu | unpartition",
    ),
    "axes-mismatch": Page(
        "The branches of a join have different axes, or axes in another order, even"
        " if the sizes agree.",
        "- add: [identity, 'permute(0, 1, 3, 2)']",
        "- add: [identity, relu]",
    ),
    "empty-output": Page(
        "A kernel or window is larger than its input. Earlier strides or pools may "
        "have reduced the size too much.",
        "- conv(8, k=33)",
        "- conv(8, k=3)",
    ),
    "indivisible-groups": Page(
        "`g` must divide the input and the output channels.",
        "- conv(64, k=1)\n- conv(64, k=3, g=3)",
        "- conv(64, k=1)\n- conv(64, k=3, g=4)",
    ),
    "indivisible-split": Page(
        "`split` divides the channels equally, but the number of branches does not "
        "divide the number of channels.",
        "- split: [relu, tanh]",
        "- split: [relu, tanh, identity]",
    ),
    "output-mismatch": Page(
        "The output of a head differs in shape from the output of the network. "
        "Heads are trained on the same labels.",
        "- aux: {aux1: flatten | linear(5)}\n- flatten | linear(10)",
        "- aux: {aux1: flatten | linear(10)}\n- flatten | linear(10)",
    ),
    "shape-assertion": Page(
        "The output of a step differs from the shape after `->`. Assertions are for the "
        "spec's own input: `--input 3x224x224` tries another size without them.",
        "- flatten | linear(10) -> [16]",
        "- flatten | linear(10) -> [10]",
    ),
}
