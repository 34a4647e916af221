# SPDX-License-Identifier: Apache-2.0
# slow: over ten seconds of CPU time; not part of `make check`.
"""May one act on the answer: the word follows from the journal, and the
linter, which derives it by other code, sees each word and number altered."""
import itertools
import json
import re

import pytest
from report_helpers import FEW, Built, build, edit, make_journal

from report import lint, trust

ASIDE = "syncmap_leak"
SPEC = {"maps": (*FEW, ASIDE), "threads": (1, 2), "keys": (65536,),
        "kinds": ("update",), "blocks": 12, "rates": (10000,)}
HEAD = "/t2/cores/throughput"
RANKED = ("gomap_rw", "syncmap", "snapshot", "urcu_lfht")


def sentence(built):
    """The one sentence of the claim that says whether to act on it."""
    said = [s for s in built.verdicts["claim"]
            if s.startswith(tuple(trust.OPENING.values()))]
    assert len(said) == 1
    assert built.page.count('<p id="trust">') == 1
    return said[0].replace("\u00a0", " ")


def findings(built):
    terminal = built.folder / "terminal"
    terminal.write_text("\n".join(built.said))
    return lint.lint(built.folder, terminal).findings


def first_trials(n):
    """The first n trials of the headline's ranked maps in the journal."""
    left = itertools.count(n, -1)
    return lambda t: (t["cell"].endswith(HEAD)
                      and t["cell"].split("/")[1] in RANKED
                      and next(left) > 0)


def marked(which, **members):
    """A change of those trials' members."""
    def change(trial):
        if which(trial):
            trial.update(members)
        return trial
    return change


def waiting(which, share, **members):
    """Those trials' threads wait so long; all others do not wait."""
    def change(trial):
        for t in (trial["result"] or {}).get("by_thread") or []:
            t["runqueue_wait_ns"] = 0
        if which(trial):
            trial.update(members)
            for t in trial["result"]["by_thread"]:
                t["runqueue_wait_ns"] = int(share * t["elapsed_ns"])
        return trial
    return change


def verified_less(trial):
    """The fastest map's only check of verification is void."""
    if "/urcu_lfht/" in trial["cell"] and trial["cell"].endswith("/verify"):
        trial["status"] = trial["result"]["status"] = "void"
    return trial


OTHERS = "others took 30 % of its threads' time, the limit is 20 %"
CASES = {  # name -> (what makes a change of each trial, word, reason)
    "quiet": (lambda: lambda t: t, trust.TRUST, r"of 48 trials 0 are missing and 0 "
              "were disturbed"),
    "4 of 48 disturbed": (
        lambda: marked(first_trials(4), disturbed=OTHERS, others_share=0.3),
        trust.TRUST, "and 4 were disturbed by other programs"),
    "5 of 48 disturbed": (
        lambda: marked(first_trials(5), disturbed=OTHERS, others_share=0.3),
        trust.CARE, "because other programs disturbed 5 of 48 trials: where"),
    "14 of 48 disturbed": (
        lambda: marked(first_trials(14), disturbed=OTHERS, others_share=0.3),
        trust.NOT, "because other programs disturbed 14 of 48 trials: take"),
    "waited, the runner could not say": (
        lambda: waiting(first_trials(5), 0.3), trust.CARE,
        "because other programs disturbed 5 of 48 trials: "),
    "waited of its own doing": (
        lambda: waiting(first_trials(5), 0.3, others_share=0.01), trust.TRUST,
        "and 0 were disturbed"),
    "a void trial": (
        lambda: marked(first_trials(1), status="void", reason="left its CPU"),
        trust.CARE, r"1 of 48 trials is missing"),
    "unverified": (lambda: verified_less, trust.CARE, "because urcu_lfht "
                   "passed only 0 of 1 check of verification: "),
}


def holds(folder, word, reason):
    """The sentence, the table and verdicts.json say it, and so the linter."""
    built = Built(folder)
    said = sentence(built)
    assert said.startswith(trust.OPENING[word]), said
    assert re.search(reason, said), said
    assert built.verdicts["trust"]["word"] == word
    assert bool(built.verdicts["trust"]["why"]) == (word != trust.TRUST)
    worst = max((r["word"] for r in built.rows("tables/trust.csv")),
                key=trust.ORDER.index)
    assert worst == word
    assert [f.text() for f in findings(built)] == []
    return built


@pytest.mark.parametrize("name", CASES)
def test_the_word_follows_from_the_journal(tmp_path, name):
    change, word, reason = CASES[name]
    make_journal.make(tmp_path, **SPEC)
    edit(tmp_path, change())
    holds(tmp_path, word, reason)


def rates(**of):
    """A plant: Mop/s by map, in every trial within half a per cent."""
    return {"mops": lambda cell, block: of.get(cell["map"], 10.0) * (
        1 + (7 * block % 11 - 5) / 1000)}


@pytest.mark.parametrize("plant,word,reason", [
    (rates(urcu_lfht=20), trust.TRUST, "urcu_lfht is at least 2.00 times"),
    (rates(urcu_lfht=10.5), trust.TRUST, "urcu_lfht is at least 1.05 times"),
    (rates(urcu_lfht=20, syncmap=20), trust.TRUST, "they differ by 0.00 % at"),
    ({"control": "fail"}, trust.NOT, "because a control failed: measure"),
    ({"crash": ("snapshot",)}, trust.CARE, "because 1 of 3 rivals is not "
     "ranked; 12 of 48 trials are missing: "),
])
def test_the_word_follows_from_the_rates(tmp_path, plant, word, reason):
    make_journal.make(tmp_path, **SPEC | {"plant": plant})
    holds(tmp_path, word, reason)


def test_a_tie_that_hides_a_difference(tmp_path):
    """Rates of two modes: no interval tells them apart, none shows them
    alike."""
    other = {"urcu_lfht": (20, 20, 14), "syncmap": (20, 14, 20)}
    make_journal.make(tmp_path, **SPEC | {"plant": {
        "mops": lambda c, b: other.get(c["map"], (10,))[
            b % 3 if c["map"] in other else 0]}})
    holds(tmp_path, trust.CARE, r"they may differ by \d\d\.\d %")


def test_a_tie_whose_first_may_be_the_slower_by_more(tmp_path):
    """In three blocks of four urcu_lfht is a little faster, in one much
    slower: it is in front, and the interval ends where one block of each kind
    has its mean, at 19.6 / sqrt(14 * 20)."""
    make_journal.make(tmp_path, **SPEC | {"plant": {
        "mops": lambda c, b: {"urcu_lfht": (20, 20, 14, 20)[b % 4],
                              "syncmap": 19.6}.get(c["map"], 10)}})
    holds(tmp_path, trust.CARE, "they may differ by 17.1 %")


def test_a_lead_of_uncertain_size(tmp_path):
    make_journal.make(tmp_path, **SPEC | {"plant": {
        "mops": lambda c, b: (13, 21)[b % 2] if c["map"] == "urcu_lfht"
        else 12.0 if c["map"] == "syncmap" else 5.0}})
    holds(tmp_path, trust.CARE, r"because urcu_lfht is 1\.08 to 1\.75 times "
          "as fast as syncmap, the size of its lead is uncertain: where")


def test_controls_that_leave_room_for_the_lead(tmp_path):
    """Late in its block a trial of another place is 10 % slower, or faster,
    by turns: the slot control is undecided, and so is a lead of 5 %."""
    make_journal.make(tmp_path, **SPEC | {"plant": rates(urcu_lfht=10.5)})
    meta = json.loads((tmp_path / "campaign.json").read_text())
    late = {(meta["cells"][i]["id"], b) for b, order in
            enumerate(meta["order"]) for i in order[len(order) // 2:]}

    def turns(trial):
        if trial["result"] and (trial["cell"], trial["block"]) in late \
                and not first_trials(1)(trial):
            trial["result"]["ops"] = round(trial["result"]["ops"] * (
                0.9 if trial["block"] % 2 else 1.1))
        return trial

    edit(tmp_path, turns)
    built = Built(tmp_path)
    said = sentence(built)
    assert "the controls leave room for an error of " in said
    assert said.startswith(trust.OPENING[trust.CARE])
    assert findings(built) == []


@pytest.mark.parametrize("spec,word,reason", [
    ({"blocks": 5}, trust.NOT, "because no map is ranked: take the next"),
    ({"maps": ("null_map", "gomap_rw")}, trust.NOT, "because gomap_rw was "
     "compared with no other map: take the next"),
    ({"maps": ("null_map", "gomap_rw", "syncmap"), "threads": (2,),
      "rates": ()}, trust.CARE, "because no control could decide: where"),
    ({"mode": "standard", "blocks": 5}, trust.NOT, "because no map is ranked:"
     " (take the next step|measure again on an idle machine) first"),
])
def test_the_word_follows_from_the_plan(tmp_path, spec, word, reason):
    make_journal.make(tmp_path, **SPEC | spec)
    holds(tmp_path, word, reason)


def test_a_control_without_an_interval_is_no_rival():
    """"no interval" has a tool tip that speaks of rivals."""
    none = {"lead": {"least": None, "most": None}, "controls": {"open": None}}
    assert trust.told({"asked": none}, False)["controls"] == "cannot decide"
    some = none | {"controls": {"open": 1.04}}
    assert trust.told({"asked": some}, False)["controls"].startswith("4.00")


# ---- altered pages ----------------------------------------------------------

@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """word -> a report that says it, built once."""
    made = {}
    for name in ("quiet", "5 of 48 disturbed", "14 of 48 disturbed"):
        folder = tmp_path_factory.mktemp("page")
        change, word, _ = CASES[name]
        make_journal.make(folder, **SPEC)
        edit(folder, change())
        made[word] = Built(folder)
        assert findings(made[word]) == []
    return made


def altered(built, old, new):
    """Rules of the findings on the page, where all files say `new`."""
    files = [built.out / "index.html", built.out / "verdicts.json"]
    before = [f.read_text("utf-8") for f in files]
    assert re.search(old, before[0]), f"{old} is not on the page"
    said = built.said
    try:
        for path, text in zip(files, before):
            path.write_text(re.sub(old, new, text, count=1), "utf-8")
        (built.folder / "terminal").write_text(re.sub(
            old, new, "\n".join(said), count=1))
        found = lint.lint(built.folder, built.folder / "terminal").findings
        return {f.rule for f in found
                if f.file.startswith("index.html") and f.rule != "copies"
                or f.rule == "copies" and "its row has" in f.text()
                or f.rule == "copies" and "workload" in f.text()}
    finally:
        for path, text in zip(files, before):
            path.write_text(text, "utf-8")


@pytest.mark.parametrize("word,old,new", [
    (trust.TRUST, "Trust it", "Act with care"),
    (trust.TRUST, "Trust it", "Do not act on it"),
    (trust.TRUST, r"is at least (\d)", r"is at least 9\1"),
    (trust.TRUST, "</b> on this machine: urcu_lfht is at", "</b> on this "
     "machine: syncmap is at"),
    (trust.TRUST, r"room for an error of (\d)", r"room for an error of 9\1"),
    (trust.TRUST, r"0 are missing and", "1 are missing and"),
    (trust.TRUST, r"and 0 were disturbed", "and 2 were disturbed"),
    (trust.TRUST, "the only check of", "all 3 checks of"),
    (trust.TRUST, ", the only check of verification passed", ""),
    (trust.CARE, "Act with care", "Trust it"),
    (trust.CARE, "Act with care", "Do not act on it"),
    (trust.CARE, "disturbed 5 of 48", "disturbed 3 of 48"),
    (trust.CARE, "because other", "because no control could decide; other"),
    (trust.CARE, "other programs disturbed 5 of 48 trials?",
     "no map is ranked"),
    (trust.CARE, "take the next step first", "measure again on an idle "
     "machine first"),
    (trust.NOT, "Do not act on it", "Trust it"),
    (trust.NOT, "Do not act on it", "Act with care"),
    (trust.NOT, "because other", "because a control failed; other"),
    (trust.NOT, "disturbed 14 of", "disturbed 19 of"),
    (trust.NOT, "Do not act on it.*?</p>", "</p>"),
])
def test_an_altered_word_of_trust_is_named(pages, word, old, new):
    built = pages[word]
    # an explained word stands in a tag of its own on the page
    plain = re.sub(r"<abbr [^>]*>(.*?)</abbr>", r"\1", built.page)
    (built.out / "index.html").write_text(plain, "utf-8")
    assert "trust" in altered(built, old, new)


@pytest.mark.parametrize("old,new,rule", [
    (r"Of 7 maps 4 are", "Of 8 maps 4 are", "maps"),
    (r"Of 7 maps 4 are", "Of 7 maps 5 are", "maps"),
    (r"syncmap_leak \(never frees", "syncmap (never frees", "maps"),
    (r"\(bounds, not for use\)", "(too few trials)", "maps"),
    (r"Measured on 2 CPUs", "Measured on 4 CPUs", "limit"),
    (r"says nothing of more", "says something of more", "limit"),
    (r"in another workload \(", "in the same workload (", "copies"),
    (r"workload \(order-service, u64x8", "workload (order-service, u64x24",
     "copies"),
    (r"It takes \d", "It takes 9", "copies"),
    (r"limits: [^.]", "limits: never grows, m", "copies"),
    (r"times as fast as \w+ \(centre", "times as fast as gomap_rw (centre",
     "numbers of the claim"),
    (r"centre of 12 ratios", "centre of 10 ratios", "numbers of the claim"),
    (r"97.% lookups, 3.% updates", "97:3 update", "mix"),
    (r"97.% lookups, 3.% updates", "97 % updates, 3 % lookups", "place"),
    (r"97.% lookups, 3.% updates", "97 % lookups, 3 % churn writes",
     "place"),
    (r"\[ \]: 95 %", "[ ]: 99 %", "key"),
    (r"(class=\"key\".*?) Update: a", r"\1 Churn: a", "key"),
    (r"href=\"#ranked-syncmap\"", "href=\"#ranked-gomap_rw\"",
     "index of maps"),
    (r"<a href=\"#ranked-syncmap\".*?</a>", "", "index of maps"),
    (r"(id=\"table-rivals\".*?)fastest first", r"\1fastest last",
     "table of maps"),
    (r"(id=\"table-rivals\".*?)\(12 blocks", r"\1(11 blocks",
     "table of maps"),
    (r"(id=\"table-rivals\".*?)>behind", r"\1>tied", "table of maps"),
    (r"(id=\"table-rivals\".*?× \d)", r"\g<1>9", "table of maps"),
    (r"(id=\"table-rivals\".*?data-label=\"P50[^>]*>)", r"\g<1>9",
     "latency"),
    (r"(id=\"table-rivals\".*?data-label=\"P99[^>]*>)[^<]*", r"\1not run",
     "table of maps"),
    (r"(id=\"table-rivals\".*?data-label=\"Mop[^>]*>)", r"\g<1>9",
     "table of maps"),
    (r"times as fast as gomap_rw, which", "times as fast as snapshot, which",
     "numbers of the claim"),
    (r"(<table id=\"table-trust\".*?0) of 48", r"\g<1> of 47", "trust table"),
    (r"(<table id=\"table-trust\".*?>)trust</td>", r"\1with care</td>",
     "trust table"),
])
def test_an_altered_first_screen_is_named(pages, old, new, rule):
    built = pages[trust.TRUST]
    old = f"(?s){old}"
    plain = re.sub(r"<abbr [^>]*>(.*?)</abbr>", r"\1", built.page)
    (built.out / "index.html").write_text(plain, "utf-8")
    assert rule in altered(built, old, new)


# ---- percentiles that are not known ----------------------------------------

def spread(folder, factor):
    """P99 of lookups of syncmap: half of the trials are so much slower."""
    def change(trial):
        for e in (trial["result"] or {}).get("latency") or []:
            if "/syncmap/" in trial["cell"] and trial["block"] % 2:
                e["p99_ns"] = e["p99_ns"] * factor
                e["p999_ns"] = max(e["p999_ns"], e["p99_ns"])
                e["max_ns"] = max(e["max_ns"], e["p999_ns"])
                e["histogram"] = None
        return trial
    make_journal.make(folder, **SPEC)
    edit(folder, change)
    return Built(folder)


def test_a_percentile_without_an_order_of_magnitude_is_not_known(tmp_path):
    wide = spread(tmp_path / "wide", 30)
    (row,) = [r for r in wide.rows("tables/rivals.csv")
              if r["map"] == "syncmap"]
    assert re.fullmatch(r"not known \(\S+ [nµm]s to \S+ [nµm]s\)",
                        row["P99 of lookup"])
    assert "[" in row["P50 of lookup"]
    assert 'num">not known<small>(' in wide.section("matrix")
    assert findings(wide) == []
    data = [r for r in wide.rows("tables/latency.csv") if r["map"] ==
            "syncmap" and r["percentile"] == "99" and r["low"]]
    assert data and all(float(r["ns"]) for r in data), "numbers stay"
    near = spread(tmp_path / "near", 3)
    (row,) = [r for r in near.rows("tables/rivals.csv")
              if r["map"] == "syncmap"]
    assert "[" in row["P99 of lookup"] and findings(near) == []


def test_the_linter_knows_what_is_not_known(tmp_path):
    built = spread(tmp_path, 30)
    path = built.out / "index.html"
    page = path.read_text("utf-8")
    table = page.index('id="table-latency-1"')
    told = re.search(r"not known \((\S+ \S+) to (\S+ \S+)\)", page[table:])
    for new in (f"{told[1]} [{told[1]}, {told[2]}]",
                f"not known ({told[1]} to 9{told[2]})"):
        path.write_text(page[:table] + page[table:].replace(told[0], new, 1),
                        "utf-8")
        assert [f for f in lint.lint(tmp_path).findings
                if f.rule == "latency"], new


# ---- the first screen -------------------------------------------------------

def test_every_ranked_map_has_its_costs_in_the_first_screen(pages):
    built = pages[trust.TRUST]
    body = built.page[built.page.index("<main>"):]
    first = body[:body.index("<section")]
    assert 'id="table-rivals"' in first and 'class="claim"' in first
    rows = {r["map"]: r for r in built.rows("tables/rivals.csv")}
    assert set(rows) == set(RANKED)
    for name, row in rows.items():
        assert float(row["bytes per entry"]) > 16
        assert "[" in row["Mop/s [95 %]"] and row["guarantees"]
    # a card has no heading row: each value has its heading beside it
    assert 'data-label="bytes per entry"' in first


def test_no_ratio_of_the_claim_is_without_both_maps(pages):
    text = " ".join(pages[trust.TRUST].verdicts["claim"])
    assert "× " not in text
    assert len(re.findall(r"\] times as fast as \w+", text)) == 2
