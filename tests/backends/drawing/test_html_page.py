"""The page, as a browser shows it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

import archspec
from archspec.ir.graph import Module
from archspec.ir.symbolic import Symbolic, constant
from archspec.spec import Spec
from corpus import NAMES, corpus_spec
from specs import spec

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

needs_chromium = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason="needs chromium and chromedriver: apt-get install chromium chromium-driver",
)

SPEC = """\
archspec: 1
name: small
about: a <b>small</b> network
input: 4x8x8

blocks:
  unit(cout):
    - conv(cout, k=1) | relu

net:
  - unit(8)
  - unit(16)
  - repeat: residual(16)
    times: 3
  - maxpool(2) | relu
"""


class Browser:
    """A page in a headless Chromium."""

    def __init__(self, driver: webdriver.Chrome, folder: Path) -> None:
        self.driver = driver
        self.folder = folder

    def open(self, network: Spec, depth: int | None = None) -> None:
        path = self.folder / "page.html"
        path.write_bytes(archspec.draw(network, depth).render("html"))
        self.driver.get(path.as_uri())

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        (element,) = self.all(selector)
        return element

    def texts(self, selector: str) -> list[str]:
        return [element.text for element in self.all(selector)]

    def open_blocks(self) -> list[bool]:
        blocks = self.all("details")
        return [block.get_attribute("open") is not None for block in blocks]

    def point_at(self, element: WebElement) -> None:
        webdriver.ActionChains(self.driver).move_to_element(element).perform()

    def press(self, *keys: str) -> WebElement:
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()
        return self.driver.switch_to.active_element

    def lit_lines(self) -> list[str]:
        return [text.strip() for text in self.texts("#spec .lit")]


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ("headless", "no-sandbox", "disable-gpu", "disable-dev-shm-usage"):
        options.add_argument(f"--{argument}")
    options.add_argument("--window-size=1600,1000")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(str(DRIVER))
    driver = webdriver.Chrome(options, service)
    yield driver
    driver.quit()


@pytest.fixture
def browser(driver: webdriver.Chrome, tmp_path: Path) -> Iterator[Browser]:
    yield Browser(driver, tmp_path)
    assert driver.get_log("browser") == []


# --- without a browser ---------------------------------------------------------------


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.attributes |= {name for name, _ in attrs}


def page(network: Spec, depth: int | None = None) -> str:
    return archspec.draw(network, depth).render("html").decode()


@pytest.mark.parametrize("name", NAMES)
def test_each_layer_is_there_once_in_the_table(name: str) -> None:
    network = corpus_spec(name)
    layers = [n for n in network.graph.nodes if n.path and n.op != "identity"]
    assert page(network).count("<tr data-layers=") == len(layers)


def test_it_needs_nothing_else() -> None:
    tags = Tags(page(corpus_spec("resnet18")))
    assert not tags.attributes & {"src", "href", "onclick", "style"}
    assert not {"link", "img", "iframe"} & set(tags.found)


def test_line_ends_and_tabs_are_no_text() -> None:
    text = SPEC.replace("archspec: 1\n", "archspec: 1 #\tone\n").replace("\n", "\r\n")
    assert "\N{REPLACEMENT CHARACTER}" not in page(spec(text))


def test_the_label_of_a_branch_of_one_layer() -> None:
    assert "<span>shortcut</span>" in page(corpus_spec("resnet18"))
    assert "<span>0</span>" not in page(corpus_spec("resnet18"))


def test_no_arrow_leads_to_what_reads_a_label() -> None:
    """Neither to the join, nor to its branches, nor to a head."""
    network = archspec.loads(
        "archspec: 1\ninput: {left: 4x8x8, right: 4x8x8}\nnet:\n"
        "  - low: {add: [ref(left) | relu, ref(right) | relu]}\n"
        "  - aux: {extra: ref(low) | relu}\n"
        "  - add: [ref(low), ref(left)]\n"
    )
    written = page(network)
    arrows = ["relu", "relu", "relu", "extra", "output"]
    assert written.count('<div class="arrow">') == len(arrows)


def test_inputs_and_outputs_are_linked_to_what_reads_and_makes_them() -> None:
    network = archspec.loads(
        "archspec: 1\ninput: {left: 4x8x8, right: 4x8x8}\nnet:\n"
        "  - low: {add: [ref(left), ref(right)]}\n  - mid: relu\n"
        "  - high: conv(8, k=1)\noutputs: [mid, high, low]\n"
    )
    written = page(network)
    ends = re.findall('<div class="(?:end|jump|sign)" (.*?)>(.*?)<', written)
    links = {words: link for link, words in ends}
    assert links["from left"] == links["left 4×8×8"] != links["right 4×8×8"]
    assert links["low 4×8×8"] == links["+"]
    assert links["high 8×8×8"] == ""  # an arrow leads there
    row = re.search("<tr (.*?)><td>mid<", written)
    assert row
    assert links["mid 4×8×8"] == row[1]


def test_a_head_ends_in_an_output_of_its_own() -> None:
    written = page(corpus_spec("heads_labeled"))
    ends = re.findall('<div class="end">(.*?)</div>', written)
    assert ends == ["input", "aux1", "aux2", "output"]
    assert written.count('<div class="side">') == 2


# --- in a browser --------------------------------------------------------------------


@needs_chromium
@pytest.mark.parametrize("depth", [None, 1])
def test_blocks_are_folded_below_the_depth(browser: Browser, depth: int | None) -> None:
    browser.open(corpus_spec("nin"), depth)
    assert browser.open_blocks() == [depth is None] * 4
    assert browser.all("details .box")[0].is_displayed() == (depth is None)


@needs_chromium
def test_a_click_folds_and_unfolds(browser: Browser) -> None:
    browser.open(spec(SPEC))
    first, *_ = browser.all("summary")
    inner, *_ = browser.all("details .layer")
    assert inner.is_displayed()
    first.click()
    assert not inner.is_displayed()
    first.click()
    assert inner.is_displayed()


@needs_chromium
def test_all_blocks_at_once(browser: Browser) -> None:
    browser.open(spec(SPEC))
    browser.one("#fold").click()
    assert not any(browser.open_blocks())
    browser.one("#unfold").click()
    assert all(browser.open_blocks())


@needs_chromium
def test_a_layer_lights_its_rows_and_its_lines(browser: Browser) -> None:
    browser.open(spec(SPEC))
    browser.point_at(browser.all("#diagram .layer")[0])
    assert browser.texts("#layers .lit td:first-child") == ["0.0"]
    assert browser.lit_lines() == ["- conv(cout, k=1) | relu", "- unit(8)"]


@needs_chromium
def test_what_repeats_lights_every_row(browser: Browser) -> None:
    browser.open(spec(SPEC))
    assert browser.texts("summary b")[2] == "residual(16) × 3"
    browser.point_at(browser.all("details details .layer")[0])
    rows = browser.texts("#layers .lit td:first-child")
    assert rows == ["2.path.0", "3.path.0", "4.path.0"]
    assert browser.lit_lines() == ["- repeat: residual(16)"]


@needs_chromium
def test_a_row_lights_its_layer_or_the_block_it_is_folded_in(browser: Browser) -> None:
    browser.open(spec(SPEC))
    row = browser.all("#layers tbody tr")[2]
    browser.point_at(row)
    assert browser.texts("#diagram .layer.lit") == ["conv 1×1, 16"]
    browser.one("#fold").click()
    browser.point_at(row)
    shown = [block.text for block in browser.all("summary.lit") if block.is_displayed()]
    assert [text.split("\n")[0] for text in shown] == ["unit(16)"]


@needs_chromium
def test_a_line_lights_what_is_made_on_it(browser: Browser) -> None:
    browser.open(spec(SPEC))
    lines = browser.all("#spec span")
    browser.point_at(lines[SPEC.splitlines().index("  - maxpool(2) | relu")])
    assert browser.texts("#diagram .layer.lit") == ["maxpool 2×2", "relu"]
    assert browser.texts("#layers .lit td:first-child") == ["5", "6"]
    browser.point_at(lines[0])
    assert browser.all(".lit") == []


@needs_chromium
def test_what_is_lit_is_scrolled_to(browser: Browser) -> None:
    browser.open(corpus_spec("googlenet"))
    browser.point_at(browser.all("#diagram .layer")[-1])
    panel, row = browser.one("#layers").rect, browser.all("#layers tbody tr")[-1].rect
    assert panel["y"] < row["y"] < panel["y"] + panel["height"] - row["height"]
    browser.point_at(browser.all("#layers tbody tr")[-1])
    assert browser.all("#diagram .layer")[0].rect["y"] < panel["y"]
    browser.driver.execute_script("document.querySelector('#layers').scrollTop = 0")
    browser.point_at(browser.all("#layers tbody tr")[0])
    assert browser.all("#diagram .layer")[0].rect["y"] > panel["y"]


JUMPS = """\
net:
  - a: relu
  - b:
      - tanh
      - add: [identity, "conv(8, k=1)"]
  - add: [gelu, ref(a)]
  - add: [gelu, ref(b)]
"""


@needs_chromium
def test_a_jump_lights_where_it_comes_from(browser: Browser) -> None:
    browser.open(spec(JUMPS, input="8x8x8"))
    assert browser.texts(".jump") == ["from a", "from b"]
    for jump, names in zip(
        browser.all(".jump"), (["a"], ["b.tanh1", "b.conv1"]), strict=True
    ):
        browser.point_at(jump)
        lit = browser.texts("#layers .lit td:first-child")
        assert lit == names
        assert jump.get_attribute("class") == "jump lit"


@needs_chromium
def test_what_is_lit_is_scrolled_to_sideways(browser: Browser) -> None:
    branches = ", ".join(f'"conv({n}, k=1)"' for n in range(1, 25))
    browser.open(spec(f"net: [{{concat: [{branches}]}}]\n", input="4x8x8"))
    panel, rows = browser.one("#diagram").rect, browser.all("#layers tbody tr")
    for row, box in zip(rows, browser.all("#diagram .layer"), strict=True):
        browser.point_at(row)
        left, right = box.rect["x"], box.rect["x"] + box.rect["width"]
        assert panel["x"] <= left < right <= panel["x"] + panel["width"]
    browser.point_at(rows[0])
    assert browser.all("#diagram .layer")[-1].rect["x"] > panel["x"] + panel["width"]


@needs_chromium
def test_it_works_with_the_keyboard(browser: Browser) -> None:
    """Tab reaches each panel, arrows go on in it, Enter folds."""
    browser.open(spec(SPEC))
    focused = browser.press(Keys.TAB, Keys.TAB, Keys.TAB)
    assert focused.text.startswith("unit(8)")
    focused = browser.press(Keys.ARROW_DOWN)
    assert focused.text == "conv 1×1, 8"
    assert browser.texts("#layers .lit td:first-child") == ["0.0"]
    focused = browser.press(Keys.ARROW_UP, Keys.ENTER)
    assert browser.open_blocks()[0] is False
    focused = browser.press(Keys.ARROW_DOWN)
    assert focused.text.startswith("unit(16)")
    assert browser.press(Keys.TAB).tag_name == "tr"
    assert browser.press(Keys.TAB).text.strip() == "- conv(cout, k=1) | relu"


@needs_chromium
def test_what_is_folded_away_is_no_stop_of_the_keyboard(browser: Browser) -> None:
    browser.open(spec(SPEC))
    browser.all("#diagram .layer")[0].click()
    browser.one("#fold").click()
    focused = browser.press(Keys.TAB, Keys.TAB)
    assert focused.text.startswith("unit(8)")


@needs_chromium
def test_light_and_dark(browser: Browser) -> None:
    browser.open(corpus_spec("lenet"))
    papers = []
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [feature]}
        )
        body = browser.one("body")
        papers.append(body.value_of_css_property("background-color"))
    assert papers == ["rgba(255, 255, 255, 1)", "rgba(27, 27, 29, 1)"]


NASTY = [
    "<script>window.broken = 1</script>",
    "</pre></script><script>window.broken = 1</script>",
    '" onmouseover="window.broken = 1" x="',
    "<img src=x onerror='window.broken = 1'>",
    "$name ${script} &lt;b&gt; \x1b \\",
]


@needs_chromium
@pytest.mark.parametrize("text", NASTY)
def test_no_text_of_a_spec_is_more_than_text(browser: Browser, text: str) -> None:
    network = spec(f"# {text}\n{SPEC}".replace("\x1b", ""))
    module = network.graph.body[0]
    assert isinstance(module, Module)
    module.name, module.is_labeled = Symbolic(text, constant(text)), True
    graph = replace(network.graph, name=text, about=text)
    browser.open(replace(network, graph=graph))
    shown = text.replace("\x1b", "\N{REPLACEMENT CHARACTER}")
    assert browser.one("h1").text == shown
    assert browser.all("summary b")[0].text == f"{shown}: unit(8)"
    assert browser.texts("header p")[0] == shown
    assert browser.all("#spec span")[0].text == f"# {text}".replace("\x1b", "")
    browser.point_at(browser.all("summary")[0])
    assert browser.driver.execute_script("return window.broken") is None
    assert len(browser.all("script")) == 1


@needs_chromium
def test_a_head_stands_beside_what_goes_on(browser: Browser) -> None:
    """Which is drawn straight down: from the stem to the block behind the head."""
    browser.open(corpus_spec("heads_labeled"), 1)
    stem, head, block = (
        summary.rect for summary in browser.all("#diagram summary")[:3]
    )
    middle = [part["x"] + part["width"] / 2 for part in (stem, head, block)]
    assert middle[0] == pytest.approx(middle[2], abs=1)
    assert head["x"] > middle[0]
    assert stem["y"] < head["y"] < block["y"]


@needs_chromium
@pytest.mark.parametrize("name", ["googlenet", "unet"])
def test_it_starts_on_screen_on_a_phone(browser: Browser, name: str) -> None:
    """Although the diagram is wider than the screen, as is each block in it."""
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.open(archspec.load(name))
        shown = [browser.all(x)[0].rect for x in ("#fold", ".end", "summary b")]
        width = browser.driver.execute_script(
            "return document.getElementById('diagram').scrollWidth"
        )
    finally:
        browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert width > 390
    for box in shown:
        assert 0 <= box["x"] < box["x"] + box["width"] <= 390


@needs_chromium
def test_a_wide_diagram_is_reduced_to_its_panel(browser: Browser) -> None:
    browser.open(archspec.load("googlenet"))
    panel = browser.one("#diagram").rect
    for block in browser.all("details"):
        left, right = block.rect["x"], block.rect["x"] + block.rect["width"]
        assert panel["x"] <= left < right <= panel["x"] + panel["width"]


SKIPS = """\
net:
  - a: conv(8, k=3, p=1) | bn
  - maxpool(2)
  - b: conv(8, k=3, p=1) | bn
  - maxpool(2)
  - bottom: residual(8)
  - concat: [ref(b), {up1: "conv_transpose(8, k=2, s=2)"}]
  - up: residual(16)
  - concat: [ref(a), {up2: "conv_transpose(8, k=2, s=2)"}]
"""


@needs_chromium
def test_a_line_leads_from_a_label_to_its_ref(browser: Browser) -> None:
    """From a side of what it reads, beside all other boxes, to the top of the jump."""
    browser.open(spec(SKIPS, input="4x8x8"))
    assert browser.texts(".jump") == ["from b", "from a"]
    lines, crossed, ends = browser.driver.execute_script(
        """
        const rect = (element) => element.getBoundingClientRect();
        const lines = [...document.querySelectorAll(".lines .reference")];
        const crossed = [...document.querySelectorAll(".box, .jump, .sign, summary b")]
          .filter((box) => lines.some((line) => {
            const { left, right, top, bottom } = rect(box), from = line.getScreenCTM();
            for (let at = 0; at < line.getTotalLength(); at += 2) {
              const { x, y } = line.getPointAtLength(at).matrixTransform(from);
              if (left + 1 < x && x < right - 1 && top + 1 < y && y < bottom - 1) return true;
            }
          }));
        const ends = lines.map((line) => {
          const from = line.getScreenCTM();
          const end = line.getPointAtLength(line.getTotalLength()).matrixTransform(from);
          return document.elementFromPoint(end.x, end.y + 2)?.textContent;
        });
        return [lines.length, crossed.map((box) => box.textContent), ends];
        """
    )
    assert (lines, crossed) == (2, [])
    assert {*ends} <= {"from a", "from b", None}  # None below the window
    browser.one("#fold").click()
    assert len(browser.all(".lines .reference")) == 2
