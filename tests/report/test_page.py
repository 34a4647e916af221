# SPDX-License-Identifier: Apache-2.0
"""The page as a reader meets it: in a browser, by keyboard, on paper."""
import json
import shutil
import subprocess

import pytest
from browser import PROGRAM, Browser, opened
from report_helpers import TOP, build

pytestmark = pytest.mark.long

DRAWN = True  # its tests look at figures

AXE = "4.14.1"  # of axe-core: another version may have other rules
WIDTHS = (420, 1000, 1400)
PAPER = 695  # A4 less its margins, 184 mm
CHECKS = (TOP / "tests" / "report" / "page_checks.js").read_text(
    encoding="utf-8")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Two pages that have every figure between them: two thread counts
    with simulated counts, and four with counters."""
    folder = tmp_path_factory.mktemp("pages")
    for name in ("two", "four"):
        (folder / name).mkdir()
    maps = ("null_map", "gomap", "gomap_rw", "gomap_mutex", "rwlock_probe",
            "syncmap", "syncmap_leak", "shard_rw_32", "snapshot",
            "urcu_lfht", "ck_ht")
    return (build(folder / "two", maps=maps, rates=(10000,),
                  shares=(0, 0.03), models=("icelake-sp",),
                  plant={"control": "ok", "not_simulated": ("urcu_lfht",)}),
            build(folder / "four", maps=maps[2:] + ("null_map",), cores=4,
                  threads=(1, 2, 4, 8), backend="perf", sockets=2,
                  kinds=("update", "churn"), measures=(
                      "throughput", "counters", "causes")))


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not PROGRAM:
        pytest.skip("no chromium")
    running = Browser(tmp_path_factory.mktemp("profile"))
    yield running
    running.close()


@pytest.fixture(scope="module")
def axe():
    """The text of axe-core, from npm, kept in build/."""
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


def shown(browser, built, **how):
    return opened(browser, built.out / "index.html", **how)


@pytest.mark.parametrize("width", WIDTHS)
def test_page_does_not_scroll_sideways(pages, browser, width):
    for built in pages:
        with shown(browser, built, width=width) as tab:
            assert tab.run("document.documentElement.clientWidth") == width
            tab.run("for (const s of document.querySelectorAll('select'))"
                    " s.add(new Option('what a map promises '.repeat(9)))")
            assert tab.run("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [420, 1400])
def test_no_text_of_a_figure_covers_another_or_is_cut(pages, browser, width):
    for built in pages:
        with shown(browser, built, width=width) as tab:
            tab.run(CHECKS)
            assert tab.run("checks.open()") >= 3
            assert tab.run("document.querySelectorAll('.panel svg text')"
                           ".length") > 100
            assert tab.run("checks.boxes()") == []
            # report.md: text of figures stays 9 px and more
            assert tab.run("checks.small(9)") == []


def test_a_phone_leads_to_each_map(pages, browser):
    """Right under the claim, in the first screen; a desk has the table."""
    find = "document.querySelector('.claim .find')"
    for built in pages:
        names = [r["map"] for r in built.rows("tables/rivals.csv")]
        with shown(browser, built, width=420) as tab:
            assert tab.run(f"{find}.checkVisibility()")
            assert tab.run(f"{find}.getBoundingClientRect().bottom") < 900
            tab.run(f"{find}.open = true")
            for i, name in enumerate(names):
                # what a link leads to is there after the event of its hash
                assert tab.run(
                    f"{find}.querySelectorAll('a')[{i}].click();"
                    "new Promise(r => setTimeout(r, 100)).then(() => {"
                    " var row = document.querySelector(':target'), at ="
                    " row.getBoundingClientRect().top;"
                    " return at >= 0 && at < 900 && row.cells[0].textContent"
                    " })").endswith(name)
        with shown(browser, built, width=1400) as tab:
            assert not tab.run(f"{find}.checkVisibility()")


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_has_contrast(pages, browser, dark):
    """4.5 to 1, that of the small text too, and of that on coloured fields:
    computed, not estimated."""
    for built in pages:
        with shown(browser, built, dark=dark) as tab:
            tab.run(CHECKS)
            tab.run("checks.open()")
            assert tab.run("checks.contrast(4.5)") == []
            back = tab.run("getComputedStyle(document.body).backgroundColor")
            assert (back == "rgb(255, 255, 255)") != dark
            assert len(tab.run("checks.contrast(22)")) > 500, "texts seen"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(pages, browser, axe, width, dark):
    for built in pages if width == 1000 else pages[:1]:
        with shown(browser, built, width=width, dark=dark) as tab:
            tab.run(CHECKS)
            tab.run("checks.open()")
            tab.run(axe)
            found = json.loads(tab.run(
                "axe.run({resultTypes: ['violations', 'incomplete']})"
                ".then(r => JSON.stringify(r))"))
            assert len(found["passes"]) > 20
            assert [(v["id"], v["nodes"][0]["html"][:200])
                    for v in found["violations"]] == []
            # texts that it leaves undecided (of figures, cut ones, single
            # letters) have their own test; none for a picture behind them
            why = {n["any"][0]["data"]["messageKey"]
                   for i in found["incomplete"]
                   if i["id"] == "color-contrast" for n in i["nodes"]}
            assert why and not why & {"bgGradient", "bgImage"}


@pytest.mark.parametrize("width", WIDTHS)
def test_keyboard_stops_where_something_scrolls(pages, browser, width):
    for built in pages:
        with shown(browser, built, width=width) as tab:
            tab.run(CHECKS)
            assert tab.run("checks.stops()") == []
            tab.run("checks.open()")
            # boxes are looked at again once the toggle events are through
            tab.run("new Promise(r => setTimeout(r, 100))")
            assert tab.run("checks.stops()") == []
            if width == 420:
                assert tab.run("document.querySelectorAll('.panel[tabindex]')"
                               ".length") > 3


def test_every_value_is_reached_by_keyboard(pages, browser):
    for built in pages:
        with shown(browser, built) as tab:
            tab.run(CHECKS)
            assert tab.run("document.querySelectorAll('figure .tip').length"
                           ) > 100
            assert tab.run("checks.values()") == []


def test_paper(pages, browser, tmp_path):
    """A4: percentiles are open, workloads stay out, text is 7 pt or more,
    and nothing is wider than the paper: a browser would shrink all."""
    for i, built in enumerate(pages):
        with shown(browser, built, width=PAPER) as tab:
            tab.run(CHECKS)
            tab.media("print")
            assert tab.run("document.documentElement.scrollWidth") <= PAPER
            assert tab.run(f"checks.small({7 / 0.75 - 0.05})") == []
            assert not tab.run(
                "Array.from(document.querySelectorAll('summary')).some(s =>"
                " s.textContent.startsWith('Workload') "
                "&& s.checkVisibility())")
            if not i:
                assert tab.run("document.querySelector('#table-latency-1')"
                               ".checkVisibility()")
                tab.paper(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.skipif(not shutil.which("tidy"), reason="no tidy")
def test_tidy_finds_nothing(pages):
    for built in pages:
        done = subprocess.run(
            ["tidy", "-quiet", "-errors", "-utf8", "--drop-empty-elements",
             "no", "--custom-tags", "no", str(built.out / "index.html")],
            capture_output=True, text=True)
        assert done.stderr.strip().split("\n")[:10] == [""]
