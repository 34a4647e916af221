# SPDX-License-Identifier: Apache-2.0
"""Reads workloads/claims/*.claims by the table of docs/claims.md."""
import re

MANY = ("cells", "go_cells")  # keys of which a claim has several
UNSTATED = "unstated"
FREE = {"threads", "keys", "write_share", "write_kind", "dist", "shape",
        "miss_share"}
# The document names no defaults; these are what claims that leave a key out
# can only mean: a claim of speed, as it stands, by the machine itself.
USUAL = {"kind": "direct", "speaks": "speed", "about": "any",
         "numbers": "native", "conditions": UNSTATED, "band": "2%",
         "tolerance": "1.2", "against": "", "subject": "", "statistic": "",
         "go": "", "needs": "", "lacks": "", "side": "", "claimed": "",
         "compute": "", "axis": "", "workload": ""}


class Wrong(Exception):
    """A line that the format does not have: the text says which."""


def number(text):
    """A figure of the ledger: "0.435", "10%", "1e15"."""
    text = text.strip().replace(",", "")
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)


def span(text):
    """(low, high) of "1.2" or of "1.0 .. 1.4"; () of nothing."""
    if not text:
        return ()
    ends = [number(part) for part in text.split("..")]
    return ends[0], ends[-1]


def lines_of(text):
    """Lines without comments, those that end in a backslash joined."""
    kept = [line for line in text.split("\n")
            if not line.lstrip().startswith("#")]
    return re.sub(r"\\\n\s*", "", "\n".join(kept)).split("\n")


def sections(text, name):
    """(keys of the whole file, {id: its own keys})."""
    whole, found = {}, {}
    here = whole
    for line in filter(str.strip, lines_of(text)):
        head = re.fullmatch(r"\[([^\]]+)\]", line.strip())
        key, equals, value = (part.strip() for part in line.partition("="))
        if head:
            here = found.setdefault(head[1].strip(), {})
        elif not equals:
            raise Wrong(f"{name}: neither [ID] nor key = value: {line}")
        elif key in MANY:
            here.setdefault(key, []).append(value)
        else:
            here[key] = value
    return whole, found


class Claim:
    """One claim; every key of it as text, and the limits as numbers."""

    def __init__(self, name, keys):
        self.id, self.keys = name, USUAL | keys
        self.claimed = span(self["claimed"])
        self.band = number(self["band"])
        self.tolerance = number(self["tolerance"])
        self.free = left_open(self)

    def __getitem__(self, key):
        return self.keys.get(key, "")

    def lines(self, key="cells"):
        """[(where, the claim with what this line says for itself)]."""
        found = []
        for line in self.keys.get(key, []):
            where, *said = line.split("|")
            own = {k.strip(): v.strip() for k, _, v in
                   (one.partition("=") for one in said)}
            found.append((where, Claim(self.id, self.keys | own)))
        return found

    @property
    def limits(self):
        """From claimed divided by the tolerance to claimed times it."""
        low, high = self.claimed
        return low / self.tolerance, high * self.tolerance

    @property
    def edges(self):
        """A ratio between these is no difference."""
        return 1 / (1 + self.band), 1 + self.band

    @property
    def above(self):
        """Does the claim lie above 1?"""
        if self["rule"] == "direction":
            return self["side"] == "above"
        return self.claimed[0] >= 1

    @property
    def exact(self):
        """Are its numbers counts of a simulated machine, which do not vary?"""
        return self["numbers"] == "simulated"

    @property
    def subjects(self):
        """[subject, against], without what there is not."""
        return [s for s in (self["subject"], self["against"]) if s]

    @property
    def of_go(self):
        """The same claim of Go's own maps; None: it names none."""
        if not self["go"]:
            return None
        subject, _, against = self["go"].partition(" / ")
        return Claim(self.id, self.keys | {
            "subject": subject.strip(), "against": against.strip(),
            "statistic": self["go_statistic"] or self["statistic"]})


def left_open(claim):
    """Factors that the article leaves open (`free`)."""
    names = claim["free"].split()
    if not set(names) <= FREE:
        raise Wrong(f"{claim.id}: free: {claim['free']}, expected some of "
                    + " ".join(sorted(FREE)))
    if names and (claim["conditions"] != UNSTATED
                  or claim["rule"] == "slope"):
        raise Wrong(f"{claim.id}: free: expected unstated conditions, and no "
                    "slope, of which a line has several cells")
    return names


def read(folder):
    """{id: Claim} of all files of a folder, by id."""
    found = {}
    for path in sorted(folder.glob("*.claims")):
        whole, own = sections(path.read_text("utf-8"), path.name)
        for name, keys in own.items():
            if name in found:
                raise Wrong(f"{path.name}: {name} is there twice")
            found[name] = Claim(name, whole | keys)
    return dict(sorted(found.items()))
