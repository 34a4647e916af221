# SPDX-License-Identifier: Apache-2.0
"""Lists and counts of docs/ that are of files: what is there is in them."""
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from report import articles
from report.sections import pauses

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_each_workload_has_its_place_on_the_page():
    page = text("docs/workloads.md")
    for path in (ROOT / "workloads").glob("*.conf"):
        name = path.stem
        if name.startswith("regress"):  # by its glob
            name = "regress*"
        assert re.search(rf"`{re.escape(name)}(?:\.conf)?`", page), path.name


def test_each_check_of_maps_is_in_the_table():
    code = text("runner/check/check.c")
    table = code[code.index("checks["):]
    checks = re.findall(r'^\t\{ "(\w+)", "', table, re.M)
    page = text("docs/adding-a-map.md")
    assert len(checks) > 10
    assert re.findall(r"^\| (\w+) \|", page[page.index("| check |"):],
                      re.M)[1:] == checks


def test_the_page_of_peers_counts_the_mode_s_maps():
    maps = [one for line in re.findall(r"^maps *= (.*)$", text(
        "workloads/modes/peers.conf"), re.M) for one in line.split()]
    said, = re.findall(r"With all packages (\d+) maps", text("docs/peers.md"))
    assert int(said) == len(set(maps)) == len(maps)


def test_the_page_on_go_tells_the_shapes_of_its_maps():
    """Those of 8 bytes alone of the map that has no values."""
    rows = [line.split("\t") for line in text(
        "impls/go/maps.tsv").splitlines() if not line.startswith("#")]
    shapes = {row[0]: row[5].split() for row in rows}
    own = shapes.pop("go_null")
    every = shapes.pop("go_sync_map")
    assert all(others == every for others in shapes.values())
    assert own == [shape for shape in every if shape.endswith("x8")]
    strings, values = ({int(n) for shape in every for n in re.findall(
        form, shape)} for form in (r"^str(\d+)x", r"x(\d+)$"))
    assert (f"of all {len(every)} shapes: integers and strings of up to "
            f"{max(strings)} bytes by values of "
            f"{min(values)} to {max(values):,} ") in text(
                "docs/go-equality.md").replace("\n", " ")


def test_the_page_on_go_tells_the_window_of_port_speed():
    window, = re.findall(r"^window *= (\d+)ms$", text(
        "workloads/port-speed.conf"), re.M)
    part = text("docs/go-equality.md").split("## Port speed")[1]
    assert f"windows of {window} ms" in part.split("\n## ")[0]


def test_the_page_on_go_counts_the_faults_that_are_planted():
    planted = re.search(r"^PLANTED = \{$(.*?)^\}$", text(
        "tests/report/test_go_maps.py"), re.M | re.S)[1]
    count = len(re.findall(r'^    "[^"]+": \($', planted, re.M))
    assert (f"{count} faults are planted by `tests/report/test_go_maps.py`"
            in text("docs/go-equality.md"))


def test_the_page_of_comparisons_tells_the_taus_that_its_table_has():
    """One at each place; of all places together there is none."""
    row, = re.findall(r"^\| 4 Ranks \|.*$", text("docs/comparing.md"), re.M)
    columns = re.findall(r'"tau, (\w+)"', text("report/compare/parts.py"))
    assert columns == ["median", "least"]
    assert "tau at each shared place" in row
    assert all(word in row for word in columns)


def said_of_article_rows():
    part = text("docs/verdicts.md").split("## The articles' rows")[1]
    return " ".join(part.split("\n## ")[0].split())


def test_what_a_slope_of_the_articles_rests_on_is_told():
    assert any(figure.statistic.startswith("slope ")
               for figure in articles.read())
    assert "independent, with n in slices" in said_of_article_rows()


def test_failures_of_a_map_with_wrong_answers_count_where_they_are_counted():
    """W18 is of nothing else."""
    trials = [{"status": "failed", "exit": "0", "result": {"elapsed_ns": 1}}]
    cell = SimpleNamespace(map="syncmap", trials=trials, ok=[], reason=None)
    campaign = SimpleNamespace(maps={}, failed_maps={"syncmap": "wrong"})
    for statistic in ("sum failed/trials", "crashed"):
        assert articles.trials_of(campaign, cell, statistic) == trials
    with pytest.raises(articles.Missing, match="failed verification"):
        articles.trials_of(campaign, cell, "ops")
    assert ("those of a map with wrong answers do not, except where failures "
            "or crashes are what is counted") in said_of_article_rows()


def test_a_word_has_one_row_of_the_glossary():
    words = re.findall(r"^\| ([^|]+) \|", text("docs/glossary.md"), re.M)
    assert len(words) > 100
    assert sorted(words) == sorted(set(words))


def test_loops_whose_write_share_is_judged_are_those_of_the_page():
    """Those for which judge_mix() stands, which have no loop of their own,
    and those that judge_work() names."""
    code = text("runner/trial/judge.c")
    work = code[code.index("static void judge_work("):]
    named = re.findall(r"kind == RM_LOOP_(\w+)\)\s+judge_", work)
    said, = re.findall(r"A trial of the\s+loops ((?:`\w+`(?:, | or )?)+)",
                       text("docs/method.md"))
    assert named and re.findall(r"`(\w+)`", said) == [
        "mix", "paced", *(name.lower() for name in named)]


def test_the_gate_s_limit_of_a_disturbed_pair_is_the_page_s():
    rules = json.loads(text("report/regress.json"))
    page = text("docs/method.md")
    gate = page[page.index("## 5."):page.index("## 6.")]
    said, = re.findall(r"took more than (\S+) % of its threads' time", gate)
    assert float(said) / 100 == rules["repeat_wait"]


def test_the_pauses_of_the_regression_are_those_of_the_page():
    said, = re.findall(r"regression \(5c\) takes (.*?) as pauses",
                       text("docs/measurements.md"), re.S)
    assert tuple(re.findall(r"`(\w+)`", said)) == pauses.PAUSES


def test_a_torn_assignment_waits_as_long_as_the_page_says():
    said, = re.findall(r"also waits, ([\d,]+) times 0\.1 ms at most",
                       text("docs/special-maps.md"))
    waits, = re.findall(r"HANDLE_WAITS = (\d+)",
                        text("impls/technique/handle.h"))
    assert said.replace(",", "") == waits


@pytest.mark.parametrize("name", ["measurements.md", "articles/README.md"])
def test_what_a_command_hands_to_make_is_read_by_it(name):
    read = "".join(file.read_text() for file in
                   [ROOT / "Makefile", *ROOT.glob("*/*.mk"),
                    *ROOT.glob("*/*/*.mk")])
    for command in re.findall(r"`make ([^`]*)`", (DOCS / name).read_text()):
        for variable in re.findall(r"\b([A-Z_]+)=", command):
            assert re.search(rf"\b{variable}\b", read), (variable, command)


@pytest.mark.parametrize("name", ["ci.md", "method.md"])
def test_a_busy_machine_is_told_when_both_arms_are_built(name):
    """`make regress` makes its arms and checks head before it looks."""
    assert re.search(r"^arms_of = (.*\\\n)*.* runner/regress_arms.sh ",
                     text("Makefile"), re.M)
    assert re.search(r"^regress: .*\n\t@\$\(arms_of\) (.*\\\n)*"
                     r"\trunner/regress.sh ", text("Makefile"), re.M)
    assert "doctor --busy" not in text("runner/regress_arms.sh")
    page = text(f"docs/{name}")
    assert re.search(r"looks before the first trial", page)
    assert "ends within seconds" not in page


def test_a_limit_of_admission_beyond_the_rule_s_bound_has_its_own_rule():
    page = text("docs/fleet.md")
    rule, other = re.search(r"The limits are made, not chosen: (.*?above 30 %)"
                            r"(.*?)`make admission-tally`", page,
                            re.S).groups()
    for name, limit in json.loads(text("report/admission.json")).items():
        assert limit <= 0.3 or f"`{name}`" in other, (name, rule)
    assert "half way between what 99 of 100 keep and all" in other


def test_a_new_loop_is_where_the_page_of_workloads_says():
    page = text("docs/adding-a-workload.md")
    said = page[page.index("## When C is needed"):]
    named = re.search(r"new kind of loop \((\w+)", said)[1]
    table = "runner/protocol/loops.c"
    assert f'"{named}"' in text(table) and f"`{table}`" in said
    assert (ROOT / f"runner/trial/loop_{named}.c").exists()
    assert "`runner/trial/loop_*.c`" in said and "driver.h" not in said


def test_all_planned_cells_are_counted_by_the_exact_gate_alone():
    """Of a campaign why is asked where it is FAIL, of its red cells."""
    asked = text("report/why/asked.py")
    assert "def of_exact(folder, everything):" in asked
    assert re.search(r"def of_campaign\((?!.*everything)", asked)
    said, = re.findall(r"`INSTRUCTIONS=all` counts ([^;]*);",
                       text("docs/why-red.md"))
    assert said.startswith("each red cell, and of `make regress-exact` every "
                           "planned one")


@pytest.mark.parametrize("name", ["why-red.md", "exact-gate.md", "fleet.md"])
def test_a_status_that_make_turns_into_2_is_said_to_be_a_script_s(name):
    page = text(f"docs/{name}")
    script, = re.findall(r"\b[Ss]tatus\*{0,2} \(?of `(runner/[^`]*)`", page)
    assert (ROOT / script).exists()
    assert re.search(r"`?make`? turns", page)


def test_the_glossary_has_a_crossover_as_the_command_searches_it():
    rows = dict(re.findall(r"^\| ([^|]+) \| (.*)$", text("docs/glossary.md"),
                           re.M))
    assert "thread" not in rows["flip"].split(" | ")[1]
    for axis in ("write share", "threads", "keys"):
        assert axis in rows["crossover"], axis


def test_commits_that_nobody_planted_are_said_to_end_where_the_tally_does():
    """Newer ones are in no row of it."""
    day, commit = re.search(r"(\d{4}-\d\d-\d\d), of ([0-9a-f]{7,}),",
                            text("docs/tally/last-commits.md")).groups()
    said = text("docs/exact-gate.md")
    said = said[said.index("**What nobody planted**"):]
    assert f"{commit} ({day})" in said and "last 30 commits" not in said


def test_how_long_make_check_takes_is_what_the_tally_has():
    tally = text("docs/tally/any-machine.md")
    rows = re.search(r"# `make check` with each wanted package hidden\n"
                     r"(.*?)\n# ", tally, re.S)[1]
    took = [int(s) for s in re.findall(r"skipped \| (\d+) \|$", rows, re.M)]
    assert len(took) > 10
    least, most = min(took) // 60, -(-max(took) // 60)
    numbers = "no one two three four five six seven eight nine ten".split()
    said = re.search(r"make check +# between edits: (.*)",
                     text("CONTRIBUTING.md"))[1]
    assert said.startswith(f"{numbers[least]} to {numbers[most]} minutes")


def test_the_page_of_maps_says_what_its_last_line_builds():
    """Which is every map, in a folder of its own for each."""
    tests = text("tests/tests.mk")
    page = text("docs/adding-a-map.md")
    said = page[page.index("make check-dispatch test-asan"):]
    said = said[:said.index("## What to write")]
    assert "all maps" in said
    folders = re.findall(r"^test-(?:a|t)san:.*?BUILD=(build/\w+)", tests,
                         re.M | re.S)
    assert len(folders) == 2
    for folder in folders + ["build/gcc", "build/clang"]:
        assert f"`{folder}`" in said, folder
