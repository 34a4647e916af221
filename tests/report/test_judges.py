# SPDX-License-Identifier: Apache-2.0
"""Tests that the programs of all languages judge the same facts equally.

A correct map runs. Then a line of facts.tsv replaces the counts and times of the run, and the
result is judged as in a campaign.
"""
import csv
import json
import os
import shutil
import subprocess

import go_program
import language_programs
import pytest
from go_program import BUILD, ROOT, changed_go, request_of

pytestmark = pytest.mark.long

FACTS = ROOT / "tests/fixtures/judge_facts"
MAPS = {"c": "array", "go": "go_map_rw", "java": "java_chm",
        "rust": "rust_rwlock"}


def rows():
    with open(FACTS / "facts.tsv", encoding="utf-8") as lines:
        return [(row + [""])[:6] for row in csv.reader(
            (line for line in lines if not line.startswith("#")),
            delimiter="\t")]


def c(_):
    program = BUILD / "tests/judge_facts"
    if not program.exists():
        pytest.skip(f"make {program}")
    return program


def with_facts(text, right, wrong):
    assert right in text, "the text to change must be in the source"
    return text.replace(right, wrong, 1)


def go(folder):
    language_programs.require(MAPS["go"])
    shutil.copy(FACTS / "facts.go", folder)
    return changed_go(folder, ("result.go", "	sum := t.add()\n",
                               "	t.plant()\n	sum := t.add()\n"))


def java(folder):
    language_programs.require(MAPS["java"])
    result = (ROOT / "impls/java/Result.java").read_text("utf-8")
    return language_programs.java(folder, {
        "Facts.java": (FACTS / "Facts.java").read_text("utf-8"),
        "Result.java": with_facts(result, "		sum = new Totals(team);\n",
                                  "		Facts.plant(team);\n"
                                  "		sum = new Totals(team);\n")})


def rust(folder):
    language_programs.require(MAPS["rust"])
    sources = ROOT / "impls/rust"
    return language_programs.rust(folder, {
        "facts.rs": (FACTS / "facts.rs").read_text("utf-8"),
        "main.rs": with_facts((sources / "main.rs").read_text("utf-8"),
                              "mod judge;\n", "mod facts;\nmod judge;\n"),
        "trial.rs": with_facts((sources / "trial.rs").read_text("utf-8"),
                               "    report::<T>(&team)\n",
                               "    crate::facts::plant(&mut team);\n"
                               "    report::<T>(&team)\n")})


@pytest.fixture(name="asked", scope="module",
                params=[c, go, java, rust], ids=lambda build: build.__name__)
def asked_(request, tmp_path_factory):
    """Returns a language, and its program that reads FACTS."""
    language = request.param.__name__
    return language, request.param(tmp_path_factory.mktemp(language))


def factors_of(cell):
    numbers = go_program.FACTORS

    def value(name, text):
        return type(numbers[name])(text) if name in numbers else text
    pairs = (pair.split("=") for pair in cell.split())
    return {name: value(name, text) for name, text in pairs}


def placed(where, threads):
    """Returns the cell's CPUs, and the CPUs that the process may use."""
    allowed = sorted(os.sched_getaffinity(0))
    if where in ("two", "unbound") and len(allowed) < 2:
        pytest.skip("one CPU")
    return {"one": allowed[-1:], "shared": allowed[-1:] * threads,
            "two": allowed[:2], "absent": [1000]}.get(where, []), \
        allowed[:1] if where == "unbound on one" else allowed


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_judges_agree_on_the_same_facts(row, asked):
    _, cell, where, facts, status, words = row
    language, program = asked
    factors = factors_of(cell)
    cpus, allowed = placed(where, factors.get("threads", 1))
    text = json.dumps(request_of(MAPS[language], cpus=cpus, **factors))
    done = go_program.judged(
        text, program, ("taskset", "-c", ",".join(map(str, allowed))),
        FACTS=facts)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    reason = result["reason"] or ""
    assert (result["status"], words in reason) == (status, True), reason
    assert (result["verification"]["status"] == "failed") \
        == (status == "failed")


@pytest.mark.parametrize("writes", [1, 64, 100])
def test_a_verification_does_the_requested_writes(writes, asked):
    language, program = asked
    request = request_of(MAPS[language], measure="verify", window_ops=0,
                         verify_ops=writes, write_share=1.0, keys=64)
    done = subprocess.run([program, "trial"], input=json.dumps(request),
                          text=True, capture_output=True, timeout=300,
                          check=True)
    assert json.loads(done.stdout)["verification"]["written"] >= writes
