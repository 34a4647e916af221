# SPDX-License-Identifier: Apache-2.0
"""ARTIFACT.md: what is claimed, what shows it, how long that takes and what
it needs. Written of the campaigns' own data, no figure of it by hand."""
import json
from pathlib import Path

from report import damage, words
from report.artifact import claims

LIMIT_MIN = 30  # of the path that is tried first
BUILD_MIN, PAGES_MIN = 10, 3  # at most, two CPUs; docs/evidence.md
COUNTED = ("likwid", "perf")


def table(head, rows):
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(v).replace("|", "\\|")
                                       for v in line) + " |"
                     for line in lines)


def one_line(text):
    return str(text).replace("\u00a0", " ").replace("`", "'")


def journals_of(path):
    """(folder, campaign.json) of a campaign or of each of its stages."""
    from report.artifact import rebuild
    return [(folder, claims.load(folder / "campaign.json"))
            for folder in rebuild.campaigns_in(path)]


def lines_in(folder):
    with open(folder / "trials.jsonl", "rb") as file:
        return sum(1 for _ in file)


def sealed_word(metas):
    """Whether each line of the journals has a checksum."""
    told = [word for word in map(damage.unsealed_word, metas) if word]
    return f"**{told[0]}**: older than they are" if told else "yes"


def campaign_row(name, path, commit):
    held = journals_of(path)
    meta = held[0][1]
    build, machine = meta.get("build") or {}, meta.get("machine") or {}
    its = str(build.get("commit") or "unknown")
    same = "the packed one" if its == commit else f"`{its[:12]}`"
    return [f"`{name}`", meta.get("created_utc", "")[:10],
            meta.get("mode") or "-", machine.get("id", "?"),
            sum(lines_in(folder) for folder, _ in held),
            same + (" (with changes)" if build.get("dirty") else ""),
            sealed_word([m for _, m in held])]


def fact(meta, name):
    found = ((meta.get("machine") or {}).get("facts") or {}).get(name) or {}
    return found.get("text") or "unknown"


def hardware_row(name, path):
    """What the campaign had, and what of it cannot be had elsewhere."""
    meta = journals_of(path)[0][1]
    machine = meta.get("machine") or {}
    most = max((c["threads"] for c in meta["cells"]
                if c["measure"] == "throughput" and not c["skip"]),
               default=0)
    backend = (meta.get("counters") or {}).get("backend", "none")
    memory = max((c.get("memory_bytes") or 0 for c in meta["cells"]),
                 default=0)
    return [f"`{name}`", fact(meta, "cpu_name"), machine.get("cpus", "?"),
            machine.get("sockets", "?"), most,
            words.size(memory).replace("\u202f", " ") if memory else "?",
            f"{backend}: as many trials have no counts without them"
            if backend in COUNTED else "none needed"]


def claim_rows(rows):
    return [[row["id"], f"{one_line(row['place'])} (`{row['campaign']}`)",
             f"`make claim ID={row['id']}`", one_line(row["expected"]),
             row["minutes"]] for row in rows]


def ledger_rows(found):
    """Published claims that a campaign decided."""
    return [[f"`{name}`", c["id"], f"`make bench SET=claims IDS={c['id']}`",
             one_line(c["verdict"])]
            for name, verdicts in found for c in verdicts.get("claims") or []]


def verdicts_of(path):
    """Of a campaign; of one in stages what its stages decided."""
    if (path / "stages.json").exists():
        return claims.load(path / "verdicts.json")
    return claims.load(path / "report" / "verdicts.json")


def search_rows(campaigns):
    """Searches in stages: the command again, its first sentence, minutes."""
    from report import staged, staged_page
    rows = []
    for name, path in campaigns:
        if not (path / "stages.json").exists():
            continue
        of, said = staged.read(path), verdicts_of(path)
        spent = sum(claims.minutes(meta, [c["id"] for c in meta["cells"]])
                    for _, meta in journals_of(path))
        is_search = of.kind == "crossover"
        again = (staged_page.commands(of).again if is_search else
                 f"make bench SET=claims MODE={of.meta.mode}")
        # what is said before it takes it back: report/sweep/decide.py
        doubts = sum("do not rely on" in w for w in said["words"])
        told = said["words"][:1 + doubts] if is_search else said["words"]
        rows.append([f"`{name}`", f"`{again}`", one_line(", ".join(told)),
                     claims.shown(spent)])
    return rows


KICK = """## First: does it work here? At most {limit} minutes

    make kick

| step | what is right | minutes, at most |
| --- | --- | --- |
| every file is as it was packed | `as it was packed` | 1 |
| every page again, from the journals | `0 differ` | {pages} |
| the program is built, in a copy beside this folder | no error | {build} |
| `{maps}`, with one thread and with as many as this machine has CPUs | a page; the machine may disagree with the claim, which is a result | {kick} |

What the last step measures is planned first, by the program itself; where it would take longer than that, it says so and
measures nothing. The claim that it tries: {expected}.
"""

TEXT = """# {title}

Sources of commit `{commit}`, {count}, and what they were made with. Written by `make artifact` of these
data; `docs/artifact.md` in sources/ explains it.

    make verify     # is every file as it was packed? needs python3 alone
    make rebuild    # every table, verdict and figure's data again, compared byte for byte: no network, no building
    make kick       # both, then builds and measures a little
    make claim ID=c001

Nothing is written into this folder: what is built and measured goes to its neighbour `{top}-work` (`WORK=DIR` is another). The whole check, with
each journal held against its schema: `readmostly dev verify-artifact DIR`, of a copy of sources/ that was built.

{kick}
## Claims

{claims}

"Again between" holds for the same kind of machine: it is the simultaneous interval of the campaign, wider by what its controls leave room
for. On another kind of machine the ranking may turn: then that is the result. Minutes are the plan's own estimate
with all repeats, without building ({build} at most).
{stages}
## Campaigns

{campaigns}

## What needs which hardware

`make verify` and `make rebuild` need no hardware of their own. To measure again, on Linux, x86-64 or AArch64:

{hardware}

More threads than CPUs run, too, and show the scheduler as much as the map. To come near the figures a machine of the same
name of CPU is needed.

## Environment

`environment/packages.tsv`: version of each package, as installed where this was packed ({snapshot}). `environment/compiler.txt`, `environment/python.json`.
For `make verify` and `make rebuild`: {packages}. For the rest: those of group `build`.

## Licences

Apache-2.0; `LICENSES/` has the texts, `sources/README.md` says what is under another one.
"""


def claims_text(rows, unranked):
    text = (table(["id", "claim", "command", "expected", "minutes"],
                  claim_rows(rows)) if rows else
            "None: no group of cells is ranked in these campaigns.")
    if unranked:
        text += (f"\n\n{words.plural(unranked, 'group')} of cells more "
                 "without a verdict: no claim is made of these.")
    return text


def stages_text(searches, decided):
    """Both run in a copy of sources/, built there."""
    text = ""
    if searches:
        text += ("\n## Campaigns in stages\n\nIn a copy of sources/, where "
                 "`make` has built the program:\n\n" + table(
                     ["campaign", "command", "expected", "minutes"], searches)
                 + "\n")
    if decided:
        text += ("\n## Published claims that were decided\n\nIn a copy of "
                 "sources/, too.\n\n" + table(
                     ["campaign", "claim", "command", "expected"], decided)
                 + "\n")
    return text


def packages_of(folder):
    """Those of the group artifact, with their versions."""
    lines = (folder / "environment/packages.tsv").read_text(
        encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines[1:]]
    return ", ".join(f"`{name}` {version}" for group, name, _, version in rows
                     if group == "artifact" and version != "-")


def text(folder, about, campaigns, rows):
    """The page. about -- of .zenodo.json; campaigns -- [(name, path)];
    rows -- kick first, then the claims."""
    folder = Path(folder)
    commit = (folder / "environment/commit.txt").read_text().strip()
    kick, ranked = rows[0], rows[1:]
    reports = [(name, verdicts_of(path)) for name, path in campaigns]
    groups = sum(len(v.get("decisions") or []) for _, v in reports)
    return TEXT.format(
        title=about["title"], commit=commit, top="artifact",
        count=words.plural(len(campaigns), "campaign"),
        kick=KICK.format(limit=LIMIT_MIN, pages=PAGES_MIN, build=BUILD_MIN,
                         maps=kick["maps"], kick=kick["minutes"],
                         expected=one_line(kick["expected"])),
        claims=claims_text(ranked, max(groups - len(ranked), 0)),
        build=BUILD_MIN,
        stages=stages_text(search_rows(campaigns), ledger_rows(reports)),
        campaigns=table(
            ["campaign", "day", "mode", "machine", "trials", "commit",
             "line checksums"],
            [campaign_row(name, path, commit) for name, path in campaigns]),
        hardware=table(
            ["campaign", "CPU", "CPUs", "sockets", "threads, at most",
             "memory of a trial", "counters"],
            [hardware_row(name, path) for name, path in campaigns]),
        snapshot=json.loads((folder / "environment/snapshot.json")
                            .read_text())["words"],
        packages=packages_of(folder))
