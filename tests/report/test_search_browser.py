# SPDX-License-Identifier: Apache-2.0
# slow: over ten seconds of CPU time; not part of `make check`.
"""The page of a search as a reader meets it, as test_page.py has it for that
of a campaign; and how large that of a grid of 13 x 5 x 3 is."""
import json
import shutil
import subprocess

import numpy as np
import pytest
import search_pages
import staged_folder as folder
import sweep_worlds as worlds
from report_helpers import Built, Page
from test_page import CHECKS, PAPER, WIDTHS, axe, browser, shown

DRAWN = True  # its tests look at figures

FIXTURES = axe, browser  # pytest finds them by their names
MOST = 1_000_000  # bytes


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A search on the middle one of the grids that it is proved on."""
    path = tmp_path_factory.mktemp("large")
    folder.run(path, worlds.plan(worlds.SHAPES["middle"]), worlds.surface(
        "diagonal", np.random.default_rng(3)))
    return Built(path)


@pytest.fixture(scope="module")
def pages(tmp_path_factory, large):
    """It, one with two kinds of write and skipped points, one that is not at
    its end, and one that has not begun."""
    place = tmp_path_factory.mktemp("pages")
    return (large, search_pages.searched(place / "done"),
            search_pages.begun(place / "begun", search_pages.failing),
            Built(folder.begin(place / "none", search_pages.PLAN)))


def test_the_page_of_a_middle_grid_is_small(large):
    assert large.status == 0
    assert len(large.page.encode()) < MOST
    assert Page(large.page).nodes < 30_000


@pytest.mark.parametrize("width", WIDTHS)
def test_page_does_not_scroll_sideways(pages, browser, width):
    for built in pages:
        with shown(browser, built, width=width) as tab:
            assert tab.run("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [420, 1400])
def test_no_text_of_a_figure_covers_another_or_is_cut(pages, browser, width):
    for built in pages:
        with shown(browser, built, width=width) as tab:
            tab.run(CHECKS)
            assert tab.run("checks.open()") >= 3
            assert tab.run("document.querySelectorAll('.panel svg text')"
                           ".length") > 50
            assert tab.run("checks.boxes()") == []
            assert tab.run("checks.small(9)") == []


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_has_contrast(pages, browser, dark):
    for built in pages:
        with shown(browser, built, dark=dark) as tab:
            tab.run(CHECKS)
            tab.run("checks.open()")
            assert tab.run("checks.contrast(4.5)") == []


@pytest.mark.parametrize("width", [420, 1400])
def test_axe_finds_nothing(pages, browser, axe, width):
    for built in pages:
        with shown(browser, built, width=width) as tab:
            tab.run(CHECKS)
            tab.run("checks.open()")
            tab.run(axe)
            found = json.loads(tab.run(
                "axe.run({resultTypes: ['violations']})"
                ".then(r => JSON.stringify(r))"))
            assert len(found["passes"]) > 20
            assert [(v["id"], v["nodes"][0]["html"][:200])
                    for v in found["violations"]] == []


@pytest.mark.parametrize("width", [420, 1400])
def test_keyboard_reaches_what_scrolls_and_every_value(pages, browser, width):
    for built in pages:
        with shown(browser, built, width=width) as tab:
            tab.run(CHECKS)
            tab.run("checks.open()")
            tab.run("new Promise(r => setTimeout(r, 100))")
            assert tab.run("checks.stops()") == []
            assert tab.run("checks.values()") == []


def test_a_boundary_is_a_card_on_a_phone(pages, browser):
    """No part of it has to be scrolled to."""
    wide = ("Array.from(document.querySelectorAll('.scroll')).filter(b =>"
            " b.querySelector('.cards') && b.scrollWidth > b.clientWidth)"
            ".length")
    for built in pages[:2]:
        with shown(browser, built, width=420) as tab:
            tab.run(CHECKS)
            tab.run("checks.open()")
            assert tab.run("document.querySelectorAll('.cards tbody tr')"
                           ".length") > 10
            assert tab.run(wide) == 0


def test_paper(pages, browser):
    for built in pages:
        with shown(browser, built, width=PAPER) as tab:
            tab.run(CHECKS)
            tab.media("print")
            assert tab.run("document.documentElement.scrollWidth") <= PAPER
            assert tab.run(f"checks.small({7 / 0.75 - 0.05})") == []


@pytest.mark.skipif(not shutil.which("tidy"), reason="no tidy")
def test_tidy_finds_nothing(pages):
    for built in pages:
        done = subprocess.run(
            ["tidy", "-quiet", "-errors", "-utf8", "--drop-empty-elements",
             "no", "--custom-tags", "no", str(built.out / "index.html")],
            capture_output=True, text=True, check=False)
        assert done.stderr.strip().split("\n")[:10] == [""]
