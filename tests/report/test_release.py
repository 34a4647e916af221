# SPDX-License-Identifier: Apache-2.0
"""Tests that all files of a release have the same version, that the citation lists the articles,
and that journals of earlier builds are read, or refused with their version."""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from built_maps import BUILD, ROOT, require

CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())
OLD = ROOT / "tests/report/oracle/campaigns/one-and-two-threads"  # measured by commit 907870e6


def first(pattern: str, file: str) -> str:
    """Returns the first match of a pattern at the start of a line."""
    found = re.search(f"^{pattern}", (ROOT / file).read_text(), re.M)
    assert found, f"{file}: no {pattern}"
    return found[1]


def test_every_file_names_the_same_release() -> None:
    zenodo = json.loads((ROOT / ".zenodo.json").read_text())
    assert {
        first(r'#define RM_VERSION "(.*)"', "runner/base/build_info.h"),
        first(r"## (\d+\.\d+\.\d+) ", "CHANGELOG.md"),
        first(r"readmostly \((.*)\) ", "debian/changelog"),
        CITATION["version"], zenodo["version"]} == {CITATION["version"]}
    assert {first(r"## \d+\.\d+\.\d+ \((.*)\)", "CHANGELOG.md"), zenodo["publication_date"]} == {
        str(CITATION["date-released"])}


def test_the_citation_has_every_article() -> None:
    articles = (ROOT / "docs/articles/README.md").read_text()
    titles = re.findall(r"^\| S\d \| (.*?) \|", articles, re.M)
    references = CITATION["references"]
    assert len(titles) == 5 and all({"type", "title", "authors"} <= r.keys() for r in references)
    assert [r["title"] for r in references if r["type"] == "article"] == titles


def test_no_step_of_the_package_guesses_a_target_of_make() -> None:
    # The Makefile refuses unknown targets by a rule .DEFAULT. dh takes this rule for the target
    # that it looks for, so debian/rules must override each step.
    overridden = re.findall(r"^override_dh_auto_(\w+):", (ROOT / "debian/rules").read_text(), re.M)
    assert set(overridden) >= {"clean", "build", "test", "install"}


def test_the_package_has_the_compiler_flags_of_the_suite(tmp_path: Path) -> None:
    line = "\nflags:; @echo flags: $$CFLAGS"
    (tmp_path / "rules").write_text((ROOT / "debian/rules").read_text() + line)
    done = subprocess.run(["make", "-sf", tmp_path / "rules", "flags"], text=True, check=True,
                          capture_output=True, env=os.environ | {"CFLAGS": "-O1"})
    assert done.stdout == "flags:\n"


def test_a_go_program_has_a_build_id_and_no_name_of_a_folder() -> None:
    require("go_map_rw")
    program = BUILD / "readmostly-go"
    assert "Build ID:" in output("readelf", "-n", program)
    assert str(ROOT).encode() not in program.read_bytes()


def test_the_packages_of_an_installed_tree_are_documented() -> None:
    if 'VERSION_ID="12"' not in Path("/etc/os-release").read_text():
        pytest.skip("other distributions have other names of packages")
    require("ck_ht", "urcu_lfht")
    files = [BUILD / name for name in ("readmostly", "maps/plain/ck_ht", "maps/plain/urcu_lfht")]
    names = set(re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "-d", *files)))
    names -= {"libc.so.6", "libm.so.6"}
    owners = output("dpkg-query", "-S", *(f"*/{name}" for name in names))
    needed = {line.split(":")[0] for line in owners.splitlines()}
    depends = first(r"Depends: ((?:.*\n )*.*)", "debian/control")
    needed |= set(re.findall(r"python3[\w-]*", depends))
    line = first(r"    apt-get install (libck0 .*)", "docs/guide/install.md")
    assert needed == set(line.split())


def output(*command: str | Path) -> str:
    return subprocess.run(command, text=True, capture_output=True, check=True).stdout


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BUILD / "readmostly", *command.split(), folder], cwd=ROOT, text=True,
                          capture_output=True)


def test_a_journal_of_an_earlier_build_is_read(tmp_path: Path) -> None:
    shutil.copytree(OLD, tmp_path / "old")
    done = run("report", tmp_path / "old")
    assert "54 runs, 24 repeated" in done.stdout, done.stderr


@pytest.mark.parametrize("command", [
    "report", "publish -o OUT", "advise --writes 3% --keys 64Ki --threads 2", "run --resume -o",
    "dev validate"])
def test_a_journal_of_release_0_1_0_is_refused_by_name(command: str, tmp_path: Path) -> None:
    shutil.copytree(OLD, tmp_path / "old")
    file = tmp_path / "old/campaign.json"
    text, found = re.subn(r'"protocol": *2, *', "", file.read_text())  # 0.1.0 did not record it
    assert found == 1
    file.write_text(text)
    done = run(command.replace("OUT", str(tmp_path)), tmp_path / "old")
    assert done.returncode != 0
    assert f"{file}: protocol 1, expected 2" in done.stdout + done.stderr
