# SPDX-License-Identifier: Apache-2.0
"""What a share of writes counts stands beside each that the page prints: in
the claim box, and in the caption of each table and figure."""
import re

import pytest
from report_helpers import build

MIX = re.compile(r"\d\s%\s(?:lookups|updates|churn writes|fresh writes)")
PAIRED = re.compile(r"\d\s%\s(?:churn|fresh) writes")
COUNTS = "Shares are of operations"
HALF = "3 % of operations are 1.5 % of iterations where a write is two"


@pytest.fixture(scope="module", name="built")
def fixture_built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("shares") / "c",
                 kinds=("update", "churn"), keys=(1024, 65536), rates=(1e4,),
                 measures=("throughput", "causes"), blocks=7)


def text_of(part):
    return " ".join(re.sub(r"<[^>]*>", " ", part).replace(
        "\u202f", " ").replace("\u00a0", " ").split())


def containers(page):
    """Each table, figure and claim box of a page, without those inside."""
    page = re.sub(r'<section id="glossary".*?</section>', "", page,
                  flags=re.S)
    for kind in ("table", "figure"):
        yield from re.findall(rf"<{kind}\b.*?</{kind}>", page, re.S)
        page = re.sub(rf"<{kind}\b.*?</{kind}>", "", page, flags=re.S)
    yield from re.findall(r'<div class="claim.*?class="maps"', page, re.S)


def unsaid(page):
    """What prints a mix and not what its share counts."""
    told = [text_of(part) for part in containers(page)]
    return [text[:80] for text in told if MIX.search(text) and (
        COUNTS not in text or PAIRED.search(text) and HALF not in text)]


def test_each_share_has_what_it_counts_beside_it(built):
    assert unsaid(built.page) == []
    said = [text for text in map(text_of, containers(built.page))
            if COUNTS in text]
    assert len(said) > 8 and any(HALF in text for text in said)
    assert all(MIX.search(text) for text in said)


def test_what_is_left_out_is_found(built):
    assert unsaid(built.page.replace(COUNTS, "")) != []
    assert unsaid(built.page.replace("of iterations", "")) != []
