# SPDX-License-Identifier: Apache-2.0
"""Tests the examples for users of JUBE and ReFrame. JUBE runs its example; ReFrame is not packaged
by Debian, so a stub replaces it."""
import csv
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build/gcc")).resolve()
PLAYED = {"READMOSTLY": str(BUILD / "readmostly"), "RM_FAKE": "=ok",
          "MODE": str(ROOT / "tests/fixtures/fleet.conf"),
          "RM_TRIAL_PROGRAM": str(BUILD / "tests/fake_trial")}


def run(command, folder, **more):
    return subprocess.run(command, cwd=folder, text=True, capture_output=True,
                          env={**os.environ, **PLAYED, **more})


def made():
    for file in (PLAYED["READMOSTLY"], PLAYED["RM_TRIAL_PROGRAM"]):
        if not Path(file).exists():
            pytest.skip(f"{file} was not built")


@pytest.mark.skipif(not shutil.which("jube"), reason="jube is not installed")
def test_jube_runs_the_example_and_makes_its_table(tmp_path):
    made()
    shutil.copy(ROOT / "examples/fleet/jube.xml", tmp_path)
    there = tmp_path / "a, b"  # JUBE splits values at commas
    there.symlink_to(BUILD)
    done = run(["jube", "run", "jube.xml", "-r"], tmp_path,
               READMOSTLY=str(there / "readmostly"))
    tables = list(tmp_path.glob("jube_run/*/result/result.dat"))
    assert tables, done.stdout + done.stderr
    rows = list(csv.DictReader(tables[0].open()))
    assert [row["map"] for row in rows] == ["gomap_rw", "rwlock_probe"]
    for row in rows:
        assert (row["trials"], row["failed"]) == (row["ok"], "0"), row
        assert int(row["ok"]) > 40 and row["status"] == "done", row


def played_reframe(monkeypatch):
    """Defines a stub of the module `reframe` with the names that the example uses. ReFrame's manual
    documents these names."""
    rfm, sanity = types.ModuleType("reframe"), types.ModuleType("sanity")
    rfm.RunOnlyRegressionTest = type("RunOnlyRegressionTest", (), {})
    rfm.simple_test = rfm.sanity_function = lambda that: that
    rfm.performance_function = lambda unit: lambda that: that
    sanity.assert_found = lambda pattern, file: bool(
        re.search(pattern, Path(file).read_text(), re.M))
    sanity.extractsingle = lambda pattern, file, tag, conv: conv(
        re.search(pattern, Path(file).read_text(), re.M)[tag])
    rfm.utility = types.ModuleType("reframe.utility")
    rfm.utility.sanity = sanity
    for name, module in {"reframe": rfm, "reframe.utility": rfm.utility,
                         "reframe.utility.sanity": sanity}.items():
        monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture
def check(monkeypatch):
    played_reframe(monkeypatch)
    for name, value in PLAYED.items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location(
        "reframe_check", ROOT / "examples/fleet/reframe_check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ReadmostlyCheck()


@pytest.mark.parametrize("fake, is_whole", [("=ok", True),
                                            ("gomap_rw=crash", False)])
def test_the_reframe_check_reads_the_output_of_its_command(check, tmp_path, fake,
                                                           is_whole):
    made()
    done = run([check.executable, *check.executable_opts], tmp_path,
               RM_FAKE=fake)
    check.stdout = str(tmp_path / "out")
    Path(check.stdout).write_text(done.stdout)
    assert check.is_complete() == is_whole, done.stdout + done.stderr
    assert check.ok() > 40
    assert (check.failed() == 0) == is_whole


@pytest.mark.parametrize("prologue, loaded, status", [
    ("", True, 0), ("", False, 1), ("true; x='a b'", True, 0),
    ("true; true", False, 1), ("true; false", True, 1)])
def test_a_missing_module_fails_the_sites_prologue(
        prologue, loaded, status):
    script = ('. runner/fleet/site.sh; site[modules]="gcc/12 hwloc"; '
              'site[prologue]=$1; module() { [ "$*" = "load gcc/12 hwloc" ] '
              '&& [ "$2" = True ]; }; ').replace('"$2"', f'"{loaded}"')
    done = subprocess.run(
        ["bash", "-c", script + 'eval "$(site_prologue)"', "-", prologue],
        cwd=ROOT, check=False)
    assert done.returncode == status
