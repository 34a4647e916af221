# SPDX-License-Identifier: Apache-2.0
"""What pages and commands of report/ say, kept as digests of their parts.

    tests/report/page_words.py --write          make golden-said
    tests/report/page_words.py --text NAME DIR  what one says, a file for each part

tests/golden/pages.tsv has a line for each part: name, part, lines, hash. A part
is what statements() puts before the colon: the claim, a table, the tips of
figures, a file of data, the terminal. Numbers are cut to six digits, so that
another release of a library, whose last digits differ, says the same.
"""
import contextlib
import hashlib
import io
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import advise_campaigns  # noqa: E402
import gate_fake  # noqa: E402
import search_pages  # noqa: E402
import test_lint_reach as reach  # noqa: E402
import test_report_since as past  # noqa: E402
from make_shape import SHAPES, Shape, statements  # noqa: E402
from report_helpers import TOP, Built, edit, main, make_journal  # noqa: E402

from report import gate, gate_table, regress  # noqa: E402

KEPT = TOP / "tests" / "golden" / "pages.tsv"
DIGITS = re.compile(r"(?<![\w.])\d+\.\d{6,}(?:e[-+]\d+)?")


def parts(lines, folder):
    """{part: its lines} of statements; paths of the folder are gone."""
    found = {}
    for line in lines:
        line = DIGITS.sub(lambda m: f"{float(m[0]):.6g}",
                          line.replace(str(folder), "@dir"))
        key = re.match(r"[\w./-]+(?: caption)?(?=:)", line)
        found.setdefault(key[0] if key else "other", []).append(line)
    return found


def digests(found):
    """{part: "lines hash"}."""
    return {part: f"{len(lines)} " + hashlib.sha256(
        "\n".join(lines).encode()).hexdigest()[:12]
        for part, lines in found.items()}


def kept():
    """{name: {part: "lines hash"}} of the file."""
    found = {}
    for line in KEPT.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            name, part, digest = line.split("\t")
            found.setdefault(name, {})[part] = digest
    return found


def differs(name, found):
    """The parts that are not as they were kept, with what they say now."""
    old, new = kept().get(name, {}), digests(found)
    return {part: found.get(part, ["it was there"])[:8]
            for part in sorted(old.keys() | new.keys())
            if old.get(part) != new.get(part)}


# ---- what is said ---------------------------------------------------------

def said(folder, *words):
    """What a command prints, and its status."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            status = main([*words])
        except SystemExit as error:
            status = error.code
    return [f"$ {' '.join(words)}".replace(str(folder), "@dir"),
            *out.getvalue().splitlines(), f"[{status}]"]


def page_of(folder, *options):
    built = Built(folder, *options)
    return statements(folder, built.said)


def all_asked(folder):
    """Every section that a synthetic campaign can have, latencies too."""
    make_journal.make(
        folder, maps=("null_map", "gomap_rw", "syncmap", "snapshot",
                      "urcu_lfht", "shard_rw_32"), threads=(1, 2, 4),
        keys=(1024, 65536), shares=(0.0, 0.03, 0.1),
        kinds=("update", "churn"), blocks=7, rates=(10000, 100000),
        models=("icelake-sp",))
    return page_of(folder)


def advised(folder):
    """Answers of `advise` to questions inside, between and outside."""
    advise_campaigns.write(folder / "made", advise_campaigns.grid(
        keys=(1024, 65536), write_share=(0.0, 0.03, 0.1),
        write_kind=("update", "churn")))
    lines = []
    for writes, keys, threads, more in (
            ("3%", "65536", "2", ""), ("1%", "20000", "1", ""),
            ("10%", "1024", "2", "--write-kind churn"),
            ("50%", "65536", "2", ""), ("0%", "1024", "1", ""),
            ("2%", "65536", "1", "--misses 5%"), ("3%", "65536", "64", ""),
            ("3%", "65536", "2", "--json"), ("3%", "1024", "2", "--workload"),
            ("3%", "65536", "2", "--needs scan"), ("101%", "1", "1", "")):
        words = (f"--writes {writes} --keys {keys} --threads {threads} "
                 + more)
        with contextlib.chdir(folder):  # lines are as long as its name
            lines += said(folder, "advise", "made", *words.split())
    return [f"advise: {line}" for line in lines]


def claimed(folder):
    """The ledger, and each claim and rule."""
    lines = said(folder, "claims", "list", "--from", str(folder / "none"))
    lines += said(folder, "claims", "list")
    ids = [line.split()[0] for line in lines
           if re.match(r" *(?:S\d+-|D)\d+\b", line)]
    for one in dict.fromkeys(ids):
        lines += said(folder, "claims", "show", one)
    return [f"claims: {line}" for line in lines]


def gates(folder):
    """Verdicts of the gate: nothing, a slower head, faults, few blocks."""
    lines = []
    for how, fake, more in (
            ("equal", {}, {}), ("slower", {"slow": {"head": 0.05}}, {}),
            ("little", {"slow": {"head": 0.012}}, {}),
            ("faster", {"slow": {"head": -0.05}}, {}),
            ("order", {"second": 0.03}, {}),
            ("noise", {"noise": 0.2}, {}),
            ("fails", {"fail": {"head": ("failed", "1", "why")}}, {}),
            ("copy", {"slow": {"copy": 0.05}}, {"cpus": 1})):
        played = gate_fake.Fake(**fake)
        view = gate_fake.view_of(played, **more)
        verdicts = gate.decide(view, gate_fake.rows_of(view, played))
        lines += [f"== {how}", *gate_table.table(verdicts).splitlines(),
                  repr(verdicts)]
        regress.write(folder / how, verdicts)
        lines += [f"{file.name}: {line}"
                  for file in sorted((folder / how).iterdir())
                  for line in file.read_text("utf-8").splitlines()]
    return [f"gate: {line}" for line in lines]


def searches(folder):
    """Pages of searches at their end and begun, and what they ask for."""
    lines = []
    for name, make in (("whole", search_pages.searched),
                       ("begun", search_pages.begun)):
        built = make(folder / name)
        lines += [f"{name}-{line}" for line in
                  statements(folder / name, built.said)]
        for words in (("next", str(folder / name)),
                      ("decide", str(folder / name))):
            lines += [f"{name}-{words[0]}: {line}"
                      for line in said(folder / name, *words)]
    return lines


def since(folder):
    """A later campaign in which syncmap is slower."""
    then = past.campaign(folder / "then", 19)
    now = past.campaign(folder / "now", 20, seed=2)
    edit(now, past.slower)
    return [line.replace(str(folder), "@dir")
            for line in page_of(now, "--previous", str(then))]


def campaign(build):
    def page(folder):
        build(folder)
        return page_of(folder)
    return page


def shape(path):
    def page(folder):
        return page_of(Shape(path).make(folder))
    return page


def linted(build):
    """A hash of what each rule of the linter finds where test_lint_reach.py
    alters the page of a campaign."""
    def findings(folder):
        build(folder)
        Built(folder)
        altered = reach.Altered(folder)
        list(altered.samples()), list(altered.other_rows())
        return [line for lines in altered.heard_parts().values()
                for line in lines]
    return findings


OTHERS = {"all": all_asked, "advise": advised, "claims": claimed,
          "gate": gates, "search": searches, "since": since}


def pages():
    """{name: function of a folder -> statements}."""
    of_reach = reach.CAMPAIGNS.items()
    return OTHERS | {name: campaign(build) for name, build in of_reach} | {
        f"lint {name}": linted(build) for name, build in of_reach} | {
        path.stem: shape(path) for path in sorted(SHAPES.glob("*.txt"))}


def write():
    lines = ["# What pages of report/ say: make golden-said. "
             "name\tpart\tlines and a hash"]
    for name, page in pages().items():
        with tempfile.TemporaryDirectory() as folder:
            found = digests(parts(page(Path(folder)), folder))
            lines += [f"{name}\t{part}\t{digest}"
                      for part, digest in sorted(found.items())]
    KEPT.write_text("\n".join(lines) + "\n", "utf-8")


def text(name, out):
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        found = parts(pages()[name](Path(folder)), folder)
    for part, lines in found.items():
        (out / part.replace("/", "_")).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    elif sys.argv[1:2] == ["--text"] and len(sys.argv) == 4:
        text(*sys.argv[2:])
    else:
        sys.exit(__doc__.split("\n\n")[1])
