# SPDX-License-Identifier: Apache-2.0
"""What a stranger sees first: citation, README commands, layers, one word per thing."""
import json
import re
import subprocess
import sys
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


def test_a_citation_asks_for_the_commit():
    """What came after a release says the release's version."""
    assert "the commit that `readmostly --version` names" in CFF["message"]


DURATION = re.compile(r"(\d+) ?(s|min|h)\b")


def budget(mode):
    text = (ROOT / f"workloads/modes/{mode}.conf").read_text()
    return re.search(r"^budget *= *(\S+)$", text, re.M)[1]


def test_readme_says_the_budgets_of_the_modes():
    said = {}
    for line in (ROOT / "README.md").read_text().splitlines():
        modes = re.findall(r"MODE=(\w+)", line)
        times = ["".join(t) for t in DURATION.findall(line)]
        if times and modes:
            assert len(times) == len(modes), line
            said.update(zip(modes, times))
    assert said == {mode: budget(mode) for mode in
                    ("smoke", "quick", "articles", "standard", "full",
                     "production", "peers")}


@pytest.mark.parametrize("conf", sorted(
    (ROOT / "workloads/modes").glob("*.conf")), ids=lambda f: f.stem)
def test_a_mode_says_its_time_in_its_budget_only(conf):
    comments = " ".join(re.findall(r"#(.*)", conf.read_text()))
    assert not re.search(r"\d+ ?(s|min|h|minutes?|hours?|seconds?)\b", comments)
    assert not re.search(r"\b(an|one) (hour|minute)", comments, re.I)


sys.path.insert(0, str(ROOT / "tests/tools"))
import readme_picture  # noqa: E402


def test_the_caption_of_the_picture_names_its_mode():
    shown = readme_picture.label((ROOT / "docs/report.png").read_bytes())
    caption = readme_picture.CAPTION.search((ROOT / "README.md").read_text())
    assert caption[0] == f"by `make bench MODE={shown['mode']}`"


def test_a_picture_is_of_something_measured_by_a_mode(tmp_path):
    meta = {"mode": "quick", "name": "c", "build": {"commit": "f" * 40}}
    file = tmp_path / "campaign.json"
    file.write_text(json.dumps(meta))
    assert readme_picture.source_of(tmp_path)["mode"] == "quick"
    for wrong in ({"synthetic": True}, {"mode": None}):
        file.write_text(json.dumps(meta | wrong))
        with pytest.raises(SystemExit):
            readme_picture.source_of(tmp_path)


def test_the_text_in_a_picture_is_read_back():
    png = (ROOT / "docs/report.png").read_bytes()
    source = {"mode": "full", "commit": "abc", "campaign": "x"}
    twice = readme_picture.labelled(png, source)
    assert readme_picture.label(twice) == source
    assert twice.endswith(png[readme_picture.HEADER:])


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


def layers(root):
    return subprocess.run([ROOT / "tests/tools/layers.sh", root], capture_output=True, text=True)


def test_layers_hold():
    result = layers(ROOT)
    assert result.returncode == 0, result.stdout


def test_layers_catch_a_wrong_include(tmp_path):
    for line in ("impls/bound/a.c|runner/plan/plan.h", "runner/base/b.c|runner/protocol/protocol.h",
                 "runner/plan/c.c|runner/campaign/campaign.h",
                 "runner/cli/d.c|runner/history/internal.h"):  # past the door
        file, header = line.split("|")
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#include "{header}"\n')
        result = layers(tmp_path)
        assert result.returncode == 1 and header in result.stdout, line
        path.unlink()


def test_layers_catch_an_exit_outside_the_commands(tmp_path):
    path = tmp_path / "runner/plan/d.c"
    path.parent.mkdir(parents=True)
    path.write_text("void f(void)\n{\n\texit(1);\n}\n")
    assert layers(tmp_path).returncode == 1


def test_every_decision_fits_its_page():
    for page in (ROOT / "docs/adr").glob("*.md"):
        assert len(page.read_text().splitlines()) <= 40, page.name
        for word in ("**Context.**", "**Choice.**", "**Alternatives.**", "**Consequences.**"):
            assert word in page.read_text(), page.name
