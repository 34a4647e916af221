# SPDX-License-Identifier: Apache-2.0
"""The linter of section 7: a page made for claims is right, each of its
numbers and words altered is named; and the words of a claim's figures are
those of the report's own rules."""
import random

import pytest
import test_claims_page as made
from report_helpers import Built, edit

from report import lint
from report.claims import decision_rules, ledger, rules
from report.lint import alts, claims, columns
from report.lint import ledger as other_hand
from report.lint.context import Context
from report.lint.log import Log
from report.lint.read_page import Table

LEDGER = made.LEDGER + """
[S4-05]
says      = At neither count of threads is it slower.
article   = unstated
rule      = direction
side      = above
cells     = keys=65536 threads=1 write_kind=update measure=throughput
cells     = keys=65536 threads=2 write_kind=update measure=throughput \\
            | subject = gomap_rw | against = syncmap

[S4-06]
says      = A cost.  # with a comment
article   = 40 ns
rule      = figure
claimed   = 1 .. 40
statistic = thread_ns/ops

[S4-07]
says      = Every operation counts.
article   = 1
rule      = count
speaks    = count
tolerance = 1
claimed   = 1
statistic = lookups+writes/ops

[S4-08]
says      = Nothing fails.
article   = never
rule      = never
speaks    = property
statistic = failed

[S4-09]
says      = Something is written.
article   = at times
rule      = can-happen
speaks    = property
statistic = writes

[S4-10]
says      = An error.
article   = 1 %
rule      = arithmetic
speaks    = arithmetic
compute   = binomial_error 10000 0.5
claimed   = 0.005

[S4-11]
says      = As many look-ups find nothing.
article   = 1
rule      = count
speaks    = count
tolerance = 1
claimed   = 1
statistic = hits/lookups

[S4-12]
says      = The first map answers as many.
article   = 1
rule      = count
speaks    = count
tolerance = 1
claimed   = 1
statistic = read_hits/lookups
"""


def missed(trial):
    """A tenth of the look-ups find nothing, a fifth ask the second map."""
    told = trial["result"]
    if told and told["lookups"]:
        gone = told["lookups"] // 20
        told |= {"misses_absent": gone, "misses_resident": gone,
                 "hits": told["lookups"] - 2 * gone, "stats": [
                     {"name": "misses", "unit": "1", "value": 9 * gone,
                      "window": 4 * gone}]}
    return trial


def test_the_ledger_of_the_tree_is_read_alike():
    mine, true = other_hand.read(), ledger.read()
    assert mine.keys() == true.keys()
    for name, claim in true.items():
        assert mine[name]["rule"] == [claim.rule]
        assert len(mine[name].get("cells", [])) == len(claim.cells)
        if claim.claimed and claim.rule != "slope":
            low, high = other_hand.limits({
                k: v[0] for k, v in mine[name].items()})
            assert (low, high) == pytest.approx(rules.limits(claim))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A campaign made for these claims, with its page."""
    top = tmp_path_factory.mktemp("claims")
    own, folder = top / "ledger", top / "c"
    own.mkdir()
    (own / "made.claims").write_text(LEDGER)
    (own / decision_rules.FILE).write_text(made.ADVICE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "FOLDER", own)
        patch.setattr(other_hand, "FOLDER", own)
        edit(made.run_for_claims(folder), missed)
        Built(folder)
        yield folder


@pytest.fixture(scope="module")
def context(folder):
    rows = lint.Rows(folder)
    return Context(rows, lint.Page(folder), Log())


def findings(c, rule=claims):
    c.log = Log()
    rule.check(c)
    return [f.text() for f in c.log.findings]


def test_a_page_of_claims_is_right(folder, context):
    assert not [f.text() for f in lint.lint(folder).findings]
    assert not findings(context) and context.log.count["claims"] > 40
    told = {row["verdict"] for row in context.page.verdicts["claims"]}
    assert told >= {"reproduced", "refuted", "not testable here"}


# ---- each part altered ------------------------------------------------------

def changed(value):
    """Another value of its kind; None: it has none."""
    if isinstance(value, (int, float)):
        return value * 1.01 + 1
    words = other_hand.WORDS
    return words[(words.index(value) + 1) % 5] if value in words else None


def spots(row):
    """(dict, key) of verdict, words and numbers of a row."""
    yield row, "verdict"
    for cell in row["cells"]:
        yield from ((cell, k) for k in ("word", "value", "low", "high", "n",
                                        "against_value"))


def test_each_word_and_number_of_verdicts_json_is_derived(context):
    """From the journal: not from the page, whose copies do not count."""
    seen = 0
    for row in context.page.verdicts["claims"]:
        for holder, key in spots(row):
            right, new = holder[key], changed(holder[key])
            if new is None:
                continue
            holder[key] = new
            context.log = Log()
            claims.verdict(context, row, other_hand.read()[row["id"]])
            holder[key] = right
            assert context.log.findings, (row["id"], key)
            seen += 1
    assert seen > 40


def test_each_column_of_the_table_is_read(context):
    table = next(t for t in context.page.tables if t.key == "claims")
    for row in table.rows:
        for at in (0, 1, 2, 3, 4, 5, 6):
            right = row[at]
            row[at] = other(right)
            assert findings(context), (row[0], at)
            row[at] = right
    row = table.rows[0]
    row[7] = row[7].replace("n 20", "n 19")
    assert findings(context)
    context.page.tables = list(map(Table, context.page.root.all("table")))
    assert not findings(context)


def other(text):
    """The same with another digit, or with a letter more."""
    at = next((i for i, x in enumerate(text) if x.isdigit()), None)
    return f"{text}x" if at is None else (
        text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1:])


@pytest.mark.parametrize("file,old,new", [
    ("index.html", "Of 11 claims: ", "Of 10 claims: "),
    ("index.html", " not testable here. ", " inconclusive. "),
    ("index.html", "of them are about Go", "of those are about Go"),
    ("index.html", "Measured ÷ claimed: S4-01", "Measured ÷ claimed: S4-02"),
    ("index.html", " times what is claimed, n = 20", " times what is claimed,"
     " n = 21"),
    ("figures/claim-ratios.csv", ",0.435,", ",0.535,"),
    ("tables/claims-all.csv", ",refuted,", ",reproduced,"),
    ("tables/claims-all.csv", "S4-09", "S4-19")])
def test_what_is_told_twice_is_compared(folder, file, old, new):
    path = folder / "report" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    try:
        c = Context(lint.Rows(folder), lint.Page(folder), Log())
        assert findings(c)
    finally:
        path.write_text(text, "utf-8")


def test_the_other_rules_know_the_figure_and_both_files(context):
    for rule in (alts, columns):
        assert not findings(context, rule)


def test_hits_are_what_no_miss_counts(context):
    assert [x["against_value"] for row in context.page.verdicts["claims"]
            if row["id"] in ("S4-11", "S4-12") for x in row["cells"]
            ] == pytest.approx([0.9, 0.8], abs=1e-5)


@pytest.mark.parametrize("how,right", [
    ("overloaded at 20\u202f000/s (took 1.0 to 1.7 times the time)", True),
    ("overloaded at 20\u202f001/s (took 1.0 to 1.7 times the time)", False)])
def test_a_cell_without_a_value_says_why(how, right):
    cell = dict.fromkeys((*claims.SPANS, "against_value")) | {"how": how}
    assert claims.measured(how.replace("001", "000"), [cell]) == right


# ---- words, against the report's own rules ----------------------------------

KINDS = ("direction", "ratio", "equal", "figure", "count", "slope")


def drawn(rng):
    """A claim's line, figures and p, near the limits as often as not."""
    rule, claimed = rng.choice(KINDS), rng.choice((0.5, 1.3, 2.0))
    centre = claimed * rng.choice((1, 1.2, 1 / 1.2, 1 / claimed)) \
        * rng.uniform(0.97, 1.03)
    half = rng.choice((1.0001, 1.01, 1.2))
    line = {"rule": rule, "claimed": str(claimed), "side": "above",
            "speaks": rng.choice(("speed", "count"))}
    if rule == "ratio":
        del line["side"]
    return line, (centre, centre / half, centre * half), \
        rng.choice((None, 0.001, 0.5))


def test_words_are_those_of_the_reports_own_rules(monkeypatch):
    rng, words = random.Random(5), set()
    for _ in range(3000):
        line, (centre, low, high), p = drawn(rng)
        n = 20
        values = [low, *[centre] * 3, high]
        monkeypatch.setattr(rules, "summary", lambda *_: {
            "centre": centre, "low": low, "high": high, "n": n})
        claim = ledger.Claim(**{
            "id": "S9-01", "place": "", "says": "", "article": "",
            **line, "claimed": (float(line["claimed"]),) * 2})
        mine = rules.RULES[line["rule"]](claim, made_evidence(values), {
            "claimed": p, "opposite": p} if p else None)
        f = other_hand.Figures(centre, low, high, n)
        assert other_hand.word(line, f, p) == mine.word, (line, low, high, p)
        words.add((line["rule"], mine.word))
    assert len(words) >= 14


def made_evidence(values):
    from report.claims.evidence import Evidence
    return Evidence("", values=tuple(enumerate(values)))


@pytest.mark.parametrize("conditions,told,word", [
    ("unstated", ("reproduced", "refuted"), "depends"),
    ("stated", ("reproduced", "refuted"), "refuted"),
    ("parts", ("refuted", "inconclusive"), "refuted"),
    ("unstated", ("refuted", "inconclusive"), "inconclusive"),
    ("stated", ("reproduced", "reproduced"), "reproduced"),
    ("stated", ("not testable here", "reproduced"), "inconclusive")])
def test_words_of_several_cells(conditions, told, word):
    assert other_hand.whole({"conditions": [conditions]}, told) == word
