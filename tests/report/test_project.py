# SPDX-License-Identifier: Apache-2.0
"""What a visitor uses first: the citation file, and the commands and links of the README."""
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CFF = yaml.safe_load((ROOT / "CITATION.cff").read_text())

# Citation File Format 1.2.0: required keys, and every key it knows at the top.
CFF_REQUIRED = {"authors", "cff-version", "message", "title"}
CFF_KNOWN = CFF_REQUIRED | {
    "abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license",
    "license-url", "preferred-citation", "references", "repository", "repository-artifact",
    "repository-code", "type", "url", "version"}
PERSON = {"affiliation", "alias", "email", "family-names", "given-names", "name-particle",
          "name-suffix", "orcid", "website"}
ENTITY = {"name", "website", "email", "alias", "orcid", "city", "country"}


def test_citation_has_the_keys_of_cff_1_2_0():
    assert CFF["cff-version"] == "1.2.0"
    assert CFF_REQUIRED <= set(CFF) <= CFF_KNOWN
    assert CFF["type"] in ("software", "dataset")
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(CFF["date-released"]))
    assert CFF["license"] == "Apache-2.0"


def test_citation_authors_are_persons_or_entities():
    sources = [CFF["authors"]] + [r["authors"] for r in CFF["references"]]
    for authors in sources:
        assert authors
        for author in authors:
            assert set(author) <= PERSON or ("name" in author and set(author) <= ENTITY)


def test_citation_references_have_type_title_authors():
    for reference in CFF["references"]:
        assert {"type", "title", "authors"} <= set(reference)


def test_citation_version_is_the_programs():
    header = (ROOT / "runner/base/build_info.h").read_text()
    assert re.search(r'RM_VERSION "([^"]*)"', header)[1] == CFF["version"]


def readme_commands(word):
    text = (ROOT / "README.md").read_text()
    return sorted(set(re.findall(rf"(?:^|[`\s/]){word} ([a-z][a-z-]*)", text, re.M)))


@pytest.mark.parametrize("target", readme_commands("make"))
def test_readme_make_targets_exist(target):
    if target in ("and", "or", "the"):
        return
    files = [ROOT / "Makefile", *(ROOT / "tests").glob("*.mk")]
    text = "\n".join(f.read_text() for f in files)
    assert re.search(rf"^{target}:", text, re.M), f"README names `make {target}`"


def test_make_refuses_a_folder_whose_name_holds_a_colon(tmp_path):
    """Its rules, and lists of folders, end a name there."""
    there = tmp_path / "a:b"
    there.mkdir()
    (there / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    for where, argument in ((there, []), (ROOT, ["BUILD=build/a:b"])):
        done = subprocess.run(["make", "-n", *argument, "help"], cwd=where, text=True,
                              capture_output=True)
        assert done.returncode == 2 and "no colon" in done.stderr
        assert "a:b" in done.stderr.split("expected")[0]


@pytest.mark.parametrize("words", [["IMPLS="], ["MAPS_BUILT="]])
def test_a_make_without_maps_reads_nothing_that_is_typed(words):
    """As that of `make test-bugs-sanitized`: it would wait for a terminal."""
    said = subprocess.run(["sh", "-c", 'make -s "$@" help >&2; cat', "sh", *words],
                          cwd=ROOT, input="typed\n", text=True, capture_output=True, check=True)
    assert "make test-bugs-sanitized" in said.stderr
    assert said.stdout == "typed\n"


@pytest.mark.parametrize("command", readme_commands("readmostly"))
def test_readme_commands_exist(command):
    main = (ROOT / "runner/main.c").read_text()
    assert f'"{command}"' in main or command in ("readmostly",), command


def test_readme_links_lead_somewhere():
    for link in re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / link).exists(), link
