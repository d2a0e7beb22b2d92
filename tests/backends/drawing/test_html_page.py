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
    """The input is visible, although the diagram is wider than the screen."""
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.open(archspec.load(name))
        first, *_ = browser.all("#diagram .end")
        box = browser.driver.execute_script(
            "const r = arguments[0].getBoundingClientRect(); return [r.left, r.right]",
            first,
        )
        width = browser.driver.execute_script(
            "return document.getElementById('diagram').scrollWidth"
        )
    finally:
        browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert width > 390
    assert 0 <= box[0] < box[1] <= 390


@needs_chromium
def test_a_line_leads_from_a_label_to_its_ref(browser: Browser) -> None:
    """Each ends at its jump, and starts at the side of the box or block that it reads."""
    browser.open(
        archspec.loads(
            "archspec: 1\ninput: 4x8x8\nnet:\n  - stem: conv(8, k=3, p=1)\n  - relu\n"
            "  - low: residual(8)\n  - conv(8, k=1) | relu\n"
            "  - concat: [relu, ref(stem) | relu, ref(low)]\n"
        )
    )
    jumps = browser.all("#diagram .jump")
    assert [jump.text for jump in jumps] == ["from stem", "from low"]
    assert len(browser.all(".refs path")) == 2
    ends = browser.driver.execute_script(
        "return [...document.querySelectorAll('.refs path')].map(p => {"
        " const e = p.getPointAtLength(p.getTotalLength());"
        " return [e.x, e.y]})"
    )
    places = browser.driver.execute_script(
        "const o = document.querySelector('#diagram > .chain').getBoundingClientRect();"
        "return [...document.querySelectorAll('.jump')].map(j => {"
        " const r = j.getBoundingClientRect();"
        " return [(r.left + r.right) / 2 - o.left, r.top - o.top]})"
    )
    for end, place in zip(ends, places, strict=True):
        assert end == pytest.approx(place, abs=1)
    browser.one("#fold").click()
    assert len(browser.all(".refs path")) == 2
