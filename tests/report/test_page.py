# SPDX-License-Identifier: Apache-2.0
"""The page in a browser: its width, accessibility by axe-core, valid HTML."""
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


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(pages, browser, axe, width, dark):
    for built in pages if width == 1000 else pages[:1]:
        with shown(browser, built, width=width, dark=dark) as tab:
            tab.run("document.querySelectorAll('details').forEach("
                    "d => { d.open = true; })")
            tab.run(axe)
            found = json.loads(tab.run(
                "axe.run({resultTypes: ['violations']})"
                ".then(r => JSON.stringify(r))"))
            assert len(found["passes"]) > 20
            assert [(v["id"], v["nodes"][0]["html"][:200])
                    for v in found["violations"]] == []


@pytest.mark.skipif(not shutil.which("tidy"), reason="no tidy")
def test_tidy_finds_nothing(pages):
    for built in pages:
        done = subprocess.run(
            ["tidy", "-quiet", "-errors", "-utf8", "--drop-empty-elements",
             "no", "--custom-tags", "no", str(built.out / "index.html")],
            capture_output=True, text=True)
        assert done.stderr.strip().split("\n")[:10] == [""]
