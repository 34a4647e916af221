# SPDX-License-Identifier: Apache-2.0
"""A tally says at which commit it was made: somebody else can look at it. One
that was made in a clone whose commits were rewritten before they came here
names what nobody has."""
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"\bcommits? ([0-9a-f]{7,40}\b(?:(?:,| and) [0-9a-f]{7,40}\b)*)")


def git(*words):
    return subprocess.run(["git", "-C", ROOT, *words], capture_output=True,
                          text=True, check=False).stdout


@pytest.fixture(scope="module", name="history")
def all_commits():
    commits = git("rev-list", "HEAD").split()
    # shallow; or a copy of the tree, which is one commit, as mutants have it
    if len(commits) < 2 or \
            git("rev-parse", "--is-shallow-repository").strip() != "false":
        pytest.skip("the history is not here")
    return commits


def named(text):
    for words in NAMED.findall(text):
        yield from re.findall("[0-9a-f]{7,40}", words)


def lost(text, history):
    return [commit for commit in named(text)
            if not any(whole.startswith(commit) for whole in history)]


def test_a_commit_that_nobody_has_is_seen(history):
    text = f"2026-11-21, commit {history[0][:12]}, and commits " \
        f"{history[-1][:7]}, 0000000, 1 CPU\nof an earlier commit added to it"
    assert lost(text, history) == ["0000000"]


def test_each_page_names_commits_of_this_history(history):
    bad = {page.name: lost(page.read_text(encoding="utf-8"), history)
           for page in (ROOT / "docs/tally").glob("*.md")}
    assert not any(bad.values()), bad
