# SPDX-License-Identifier: Apache-2.0
"""docs/tally/racing.md is what its raw file says, and the runs are counted as
they were."""
import importlib.util
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location(
    "racing_tally", ROOT / "tests/tools/racing_tally.py")
tally = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tally)

TEXTS = {"a.sh": "0000000a", "b.sh": "0000000b", "test_c": "0000000c"}


def run_of(test, failed=0, load="quiet", **more):
    return {"test": test, "text": TEXTS[test], "date": "2026-11-25",
            "commit": "abc", "load": load, "runs": 1, "failed": failed,
            "skipped": 0, "seconds": 4, "longest": 4, "others": "3%",
            "last": "2026-11-25T00:31Z", "facts": "it is so" * failed} | more


def rows_of(*runs):
    rows = []
    for run in runs:
        rows = tally.add(rows, run)
    return rows


def test_the_page_is_that_of_the_raw_file():
    rows = tally.read_raw(tally.RAW)
    assert tally.PAGE.read_text() == tally.page(rows, tally.listed()), \
        "expected tests/tools/racing_tally.py page"


def test_the_raw_file_has_tests_of_the_list_and_its_form(tmp_path):
    rows = tally.read_raw(tally.RAW)
    copy = tmp_path / "racing.tsv"
    tally.write_raw(copy, rows)
    assert copy.read_text() == tally.RAW.read_text()
    for row in rows:
        assert 0 <= row["failed"] <= row["runs"] > 0, row
        assert row["load"] in tally.WANTED and row["others"][-1] == "%"


def test_runs_of_one_kind_are_one_line():
    rows = rows_of(run_of("a.sh"), run_of("a.sh", 1, seconds=9, longest=9),
                   run_of("a.sh", others="30%"), run_of("a.sh", 1, facts="no"),
                   run_of("a.sh", load="loaded"), run_of("a.sh", commit="b"))
    assert len(rows) == 3
    first = rows[0]
    assert (first["runs"], first["failed"], first["seconds"],
            first["longest"]) == (4, 2, 21, 9)
    assert first["others"] == "3-30%" and first["facts"] == "it is so; no"


def test_the_least_run_is_next_and_of_equal_ones_the_shortest():
    def following(rows, load="quiet", tried=None):
        return tally.next_test(rows, TEXTS, load, tried or {}, 2)[0]
    assert following([]) == "a.sh"
    rows = rows_of(run_of("a.sh"), run_of("b.sh", seconds=2))
    assert following(rows) == "test_c"
    rows = rows_of(*rows, run_of("test_c"))
    assert following(rows) == "b.sh", "two seconds, the others four"
    assert following(rows, "loaded") == "b.sh"
    older = [dict(row, text="older") for row in rows]
    assert following(rows[:1] + older[1:]) == "b.sh", "an older text is none"
    assert following(rows, tried={"b.sh": 2, "test_c": 1}) == "a.sh"
    whole = rows_of(*rows, *rows)
    assert tally.next_test(whole, TEXTS, "quiet", {}, 2) == (None, 0)


def test_a_busy_machine_ends_no_tally_of_quiet_runs():
    rows = rows_of(*[run_of(test, load="loaded") for test in TEXTS] * 50)

    def following(rows, *kinds):
        return tally.next_run(rows, TEXTS, kinds, {}, None)
    assert following(rows, "loaded", "quiet") == ("a.sh", 1)
    assert following(rows[1:], "loaded", "quiet") == ("a.sh", 1)
    assert following(rows, "loaded", "loaded") == (None, 0)
    assert following(rows_of(*rows, run_of("a.sh")), "quiet")[0] == "b.sh"


def test_short_ones_run_together_but_not_more_than_are_wanted():
    texts = {"a.sh": TEXTS["a.sh"]}
    quick = rows_of(run_of("a.sh", seconds=1), run_of("a.sh", seconds=0))

    def runs(rows, tried, most):
        return tally.next_test(rows, texts, "quiet", tried, most)[1]
    assert runs([], {}, 200) == 1, "nobody knows how long it takes"
    assert runs(rows_of(run_of("a.sh", seconds=1)), {}, 200) == 1
    assert runs(quick, {}, 200) == 5
    assert runs(quick, {}, 4) == 2
    assert runs(quick, {"a.sh": 3}, 4) == 1


def test_the_bound_is_that_of_the_newest_text():
    rows = rows_of(*[run_of("a.sh")] * 59,
                   run_of("a.sh", 1, text="older", runs=40,
                          last="2026-11-25T00:30Z"),
                   run_of("b.sh", 1), run_of("test_c", load="loaded"))
    page = tally.page(rows, ["a.sh", "b.sh", "test_c", "test_d"])
    # 0.95 = 1 - (1 - p)^59 at p = 0.0495
    assert "| `a.sh` | 0 of 59 | 5.0 % | - |  | 4 |" in page
    assert "| `b.sh` | 1 of 1 | 100.0 % | - |  | 4 |" in page
    assert "| `test_c` | - |  | 0 of 1 | 95.0 % | 4 |" in page
    assert "1 of 40 (an older text of the test): it is so" in page
    assert "Quiet: 60 runs, 1 failed; 0 of 4 tests" in page


def test_what_never_ran_is_on_the_page():
    page = tally.page(rows_of(run_of("a.sh")), tally.listed() | {"a.sh": []})
    assert "| `planted.sh` | - |  | - |  | - |" in page
    others = len(tally.listed())
    assert f"Never run, quiet or loaded: {others} of {others + 1} " in page
    shown = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(shown) == others + 1


def test_what_is_missing_is_told_in_hours():
    rows = rows_of(run_of("a.sh", seconds=1800), run_of("a.sh", seconds=5400),
                   *[run_of("b.sh", load=load, seconds=36000)
                     for load, wanted in tally.WANTED.items()
                     for _ in range(wanted + 1)],
                   run_of("a.sh", seconds=9 * 3600, text="older",
                          last="2026-11-24T00:30Z"))
    page = tally.page(rows, ["a.sh", "b.sh", "test_d"])
    # an hour each: 198 quiet, 50 loaded; b has more, d no time, an older text none
    assert "would take 248 h of this machine" in page


@pytest.mark.parametrize("line, found", [
    ("b.sh  1  0  2  12.6  12  \n", (0, 2, 13, 13, "")),
    ("b.sh  1  1  0  3.0  3  1 x it is so;1 x not\n",
     (1, 0, 3, 3, "it is so; not")),
    ("b.sh  5  2  0  0.9  3  2 x it is so;1 x not\n",
     (2, 0, 1, 3, "it is so; not"))])
def test_a_line_of_steady_is_read(line, found):
    runs = int(line.split()[1])
    assert tally.told("test runs\nab.sh 1 9 9 9.9 9\n" + line,
                      "b.sh", runs) == found
    with pytest.raises(SystemExit, match="expected its line"):
        tally.told(line, "c.sh", runs)
    with pytest.raises(SystemExit, match="expected its line"):
        tally.told(line, "b.sh", runs + 1)


def test_what_a_run_used_itself_is_not_others():
    assert tally.share_of_others((10, 100, 3), (30, 200, 23)) == 0
    assert tally.share_of_others((10, 100, 3), (60, 200, 23)) == 0.3
    before = tally.cpu_times()
    text = tally.waited_for(
        [sys.executable, "-c", "import subprocess, sys\n"
         "sum(i * i for i in range(2_000_000))\nprint('said')"], None)
    own = tally.cpu_times()[2] - before[2]
    assert text == "said\n" and own > 0.01


def test_a_text_is_the_file_and_its_settings():
    assert tally.text_of("kill.sh", []) != tally.text_of("kill.sh", ["A=1"])
    assert tally.text_of("test_slab", []) != tally.text_of("kill.sh", [])
    assert set(tally.present()) == set(tally.listed())
    assert "planted.sh" in tally.listed() and "sim.sh" not in tally.listed()


def test_steady_takes_a_whole_name_and_a_part():
    script = (ROOT / "tests/tools/steady.sh").read_text()
    start = script.index("chosen() {")
    function = script[start:script.index("\n}\n", start) + 3]

    def chosen(*names):
        return subprocess.run(
            ["bash", "-c", function + 'chosen "$@"', "-", *names],
            input="stages.sh\nstages_kill.sh\nkill.sh\n", text=True,
            capture_output=True, check=True).stdout.split()
    assert chosen("=kill.sh") == ["kill.sh"]
    assert chosen("kill") == ["stages_kill.sh", "kill.sh"]
    assert chosen("stages.", "=kill.sh") == ["stages.sh", "kill.sh"]
    assert len(chosen()) == 3
