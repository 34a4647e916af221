# SPDX-License-Identifier: Apache-2.0
"""Tests the pages of report/render in Chromium: page size, letter size, width, axe-core."""
import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from browser import PROGRAM, Browser, opened
from sample_result import KINDS

from report.render.pages import PAGES
from report.render.write import write

pytestmark = pytest.mark.long

TOP = Path(__file__).resolve().parents[2]
AXE = "4.14.1"  # version of axe-core; other versions may have different rules
SCREEN = 900  # height of a screen in pixels
WORDS, FIGURES, PRINTED = 2500, 6, 6
SCREENS = {1400: 6, 420: 13}
MANY = ("many", "crowd")  # pages about 40 maps, which may be longer by a screen
MEASURE = """(() => {
const small = [], walk = document.createTreeWalker(document.body, 4);
while (walk.nextNode()) {
  const text = walk.currentNode, of = text.parentElement;
  if (!text.data.trim() || !of.getClientRects().length) continue;
  const svg = of.closest('svg');
  const size = parseFloat(getComputedStyle(of).fontSize) * (svg ?
    svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1);
  if (size < 11) small.push(text.data);
}
const root = document.documentElement, wide = root.clientWidth;
return {words: document.body.innerText.trim().split(/\\s+/).length,
  figures: document.querySelectorAll('svg, img, canvas').length,
  height: root.scrollHeight, width: root.scrollWidth, small,
  out: [...document.querySelectorAll('main *')].filter(e =>
    !e.closest('.scroll') && e.getBoundingClientRect().right > wide + 1)
    .map(e => e.outerHTML.slice(0, 100))};
})()"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Returns the folder of each sample."""
    top = tmp_path_factory.mktemp("pages")
    return {kind: write(make(), top / kind).parent
            for kind, make in KINDS.items()}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not PROGRAM:
        pytest.skip("no chromium")
    running = Browser(tmp_path_factory.mktemp("profile"))
    yield running
    running.close()


@pytest.fixture(scope="module")
def axe():
    """Returns the source of axe-core, which comes from npm and is cached in build/."""
    folder = TOP / "build" / "axe"
    file = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not (file.is_file() and json.loads((file.parent / "package.json")
                                          .read_text())["version"] == AXE):
        if not shutil.which("npm"):
            pytest.skip("axe-core: no npm")
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["npm", "install", "--prefix", str(folder), "--no-save",
             "--ignore-scripts", "--no-audit", "--no-fund",
             "--fetch-retries=0", "--fetch-timeout=20000",
             f"axe-core@{AXE}"], capture_output=True, text=True)
        if done.returncode:
            pytest.skip("axe-core: npm cannot reach a registry: "
                        + done.stderr.strip().split("\n")[0][:200])
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", SCREENS)
def test_page_is_short_and_legible(pages, browser, kind, width):
    with opened(browser, pages[kind] / "index.html", width=width) as tab:
        page = tab.run(MEASURE)
    assert page["small"] == [] and page["out"] == []
    assert page["width"] <= width
    assert page["words"] <= WORDS and page["figures"] <= FIGURES
    more = 1 if kind in MANY else 0
    assert page["height"] <= (SCREENS[width] + more) * SCREEN


@pytest.mark.parametrize("page", PAGES[1:])
@pytest.mark.parametrize("width", SCREENS)
def test_linked_page_does_not_scroll_sideways(pages, browser, page, width):
    for kind in ("sound", "hostile", "many"):
        with opened(browser, pages[kind] / f"{page}.html", width=width) as tab:
            shown = tab.run(MEASURE)
        assert shown["width"] <= width
        assert shown["small"] == [] and shown["out"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_print_takes_six_pages(pages, browser, kind):
    with opened(browser, pages[kind] / "index.html") as tab:
        tab.media("print")
        pdf = base64.b64decode(tab.send("Page.printToPDF", paperWidth=8.27,
                                        paperHeight=11.69)["data"])
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) <= PRINTED + (kind in MANY)


@pytest.mark.parametrize("kind, page, width, media, dark", [
    *((kind, "index", *how) for kind in KINDS for how in (
        (1400, "screen", False), (420, "screen", True))),
    *(("care", "index", *how) for how in (
        (1400, "screen", True), (420, "screen", False), (1000, "print", False))),
    *(("sound", page, *how) for page in PAGES[1:] for how in (
        (1400, "screen", True), (420, "screen", False)))])
def test_axe_finds_nothing(pages, browser, axe, kind, page, width, media, dark):
    with opened(browser, pages[kind] / f"{page}.html", width=width,
                dark=dark) as tab:
        tab.media(media, dark)
        tab.run("document.querySelectorAll('details').forEach("
                "d => { d.open = true; })")
        tab.run(axe)
        found = json.loads(tab.run("axe.run({resultTypes: ['violations']})"
                                   ".then(r => JSON.stringify(r))"))
    assert len(found["passes"]) > 15
    assert [(v["id"], v["nodes"][0]["html"][:200])
            for v in found["violations"]] == []


def test_checkboxes_hide_rows_and_are_optional(pages, browser):
    shown = "[...document.querySelectorAll('.board tbody tr')].filter(" \
        "r => r.getClientRects().length).map(r => r.querySelector('a').textContent)"
    with opened(browser, pages["sound"] / "index.html") as tab:
        before = tab.run(shown)
        for name in ("get", "writers"):
            tab.run(f"document.querySelector('[data-f={name}]').click()")
        assert tab.run(shown) == ["urcu_lfht", "go_sync_map"]
        assert tab.run("document.querySelector('output').textContent") \
            == "2 of 13 maps"
        for name in ("get", "writers"):
            tab.run(f"document.querySelector('[data-f={name}]').click()")
        assert tab.run(shown) == before and len(before) == 14
    html = (pages["sound"] / "index.html").read_text()
    assert not re.search(r"<tr[^>]* hidden", html)


def test_table_is_sorted_by_a_click_on_a_head(pages, browser):
    column = "[...document.querySelectorAll('#throughput tbody tr')].map(" \
        "r => +(r.cells[%d].querySelector('data') || {value: NaN}).value)"
    with opened(browser, pages["sound"] / "numbers.html") as tab:
        rate = tab.run("[...document.querySelectorAll('#throughput thead th')]"
                       ".findIndex(h => h.textContent.includes('million'))")
        tab.run(f"document.querySelectorAll('#throughput button')[{rate}].click()")
        values = tab.run(column % rate)
    assert values == sorted(values) and len(values) == 26


@pytest.mark.skipif(not shutil.which("tidy"), reason="no tidy")
@pytest.mark.parametrize("kind", KINDS)
def test_tidy_finds_nothing(pages, kind):
    for page in PAGES:
        done = subprocess.run(
            ["tidy", "-quiet", "-errors", "-utf8", "--drop-empty-elements",
             "no", "--custom-tags", "no", "--new-inline-tags",
             "data", str(pages[kind] / f"{page}.html")],
            capture_output=True, text=True)
        # ignore complaints about <data>, because tidy 5.6 is older than this element
        assert [line for line in done.stderr.splitlines()
                if "<data> is not approved" not in line][:9] == []
