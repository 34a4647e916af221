#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Computes by axioms which outcomes of litmus tests the memory models allow. The program tries
every choice of the store that a load reads, and of the order of stores to each address.

    litmus_axioms.py TABLE            exits with 1 if a row differs
    litmus_axioms.py TABLE --write    writes the results of the axioms into the table

litmus_axioms.py shares no code with the runtime of `explore`. TABLE is tests/fixtures/litmus.tsv,
whose comments define the notation of programs. The models are:

- sc: program order, reads, writes and overwrites form no cycle (Shasha and Snir 1988).
- tso: the model of Sewell et al., CACM 53(7), 2010, as axioms (Owens, Sarkar, Sewell, TPHOLs 2009).
  A fence follows each seq_cst store; read-modify-writes and seq_cst fences are fences.
- c11: C++20, [intro.races] and [atomics.order] (WG21 P0668), without consume. Release sequences
  contain only read-modify-writes. Loads that read future stores are not restricted, so load
  buffering is allowed.
"""
import itertools
import re
import sys
from pathlib import Path

STEP = re.compile(r"(?:(F)|([a-z])(?:=(\d)|(\+)1|(\?))?)\.(rlx|acq|rel|ar|sc)$")


class Event:
    """Kind (R: read, W: write, U: both, F: fence, C: failed comparison), address and memory
    order."""

    def __init__(self, thread, text):
        match = STEP.match(text)
        if not match:
            sys.exit(f"litmus_axioms: {text}: expected x.rlx, x=1.rlx, x+1.rlx,"
                     " x?.rlx or F.sc")
        fence, self.at, value, add, compare, self.order = match.groups()
        self.thread = thread
        self.value = int(value or 0)
        self.what = ("F" if fence else "U" if add else "C" if compare
                     else "W" if value else "R")
        self.reads, self.writes = self.what in "RUC", self.what in "WU"
        self.sc = self.order == "sc"
        self.acquires = self.order in ("acq", "ar", "sc") and (
            self.reads or self.what == "F")
        self.releases = self.order in ("rel", "ar", "sc") and (
            self.writes or self.what == "F")


def closure(pairs):
    """Returns the transitive closure of a set of pairs."""
    pairs = set(pairs)
    while True:
        more = {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs
        if not more:
            return pairs
        pairs |= more


def acyclic(pairs):
    return all(a != b for a, b in closure(pairs))


class Execution:
    """A candidate execution: the store that each load reads, and the order of stores to each
    address."""

    def __init__(self, events, po, reads_from, orders):
        self.events, self.po, self.read = events, po, reads_from
        self.rf = {(w, r) for r, w in reads_from.items()}
        self.mo = {(a, b) for order in orders
                   for a, b in itertools.combinations(order, 2)}
        self.fr = {(r, w2) for w, r in self.rf for w1, w2 in self.mo
                   if w1 is w and w2 is not r}
        self.eco = closure(self.rf | self.mo | self.fr)

    def sequential(self):
        return acyclic(self.po | self.rf | self.mo | self.fr)

    def tso(self):
        same = {(a, b) for a, b in self.po if a.at and a.at == b.at}
        if not acyclic(same | self.rf | self.mo | self.fr):
            return False
        def full(e):
            return e.what in "UC" or e.what == "F" and e.sc
        def nothing(e):
            return e.what == "F" and not full(e)
        kept = {(a, b) for a, b in self.po
                if not nothing(a) and not nothing(b) and (
                    full(a) or full(b) or a.what == "W" and a.sc
                    or not (a.writes and b.reads))}
        outside = {(w, r) for w, r in self.rf if w.thread != r.thread}
        return acyclic(kept | outside | self.mo | self.fr)

    def sequences(self, head):
        """Returns the stores of a release sequence."""
        found = {head}
        while True:
            more = {r for w, r in self.rf if w in found and r.what == "U"}
            if more <= found:
                return found
            found |= more

    def synchronizes(self):
        """Returns the pairs from a releasing write or fence to an acquiring read or fence."""
        pairs = set()
        for head in (e for e in self.events if e.writes):
            froms = [f for f, w in self.po if w is head and f.what == "F"
                     and f.releases] + [head] * head.releases
            reads = {r for w, r in self.rf if w in self.sequences(head)}
            for read in reads:
                tos = [f for r, f in self.po if r is read and f.what == "F"
                       and f.acquires] + [read] * read.acquires
                pairs |= set(itertools.product(froms, tos))
        return pairs

    def c11(self):
        sw = self.synchronizes()
        hb = closure(self.po | sw)
        if any(a is b or (b, a) in self.eco for a, b in hb) or any(
                a is b for a, b in self.eco):
            return False
        strong = {(a, b) for a, b in self.po} | {
            (a, b) for a, b in sw if a.sc and b.sc} | {
            (a, b) for a, x in self.po for y, b in self.po if (x, y) in hb}
        strong = {(a, b) for a, b in closure(strong) if a.sc and b.sc}
        order = set(strong)
        for a, b in self.eco:
            before = [a] * a.sc + [f for f, e in hb if e is a and f.sc
                                   and f.what == "F"]
            behind = [b] * b.sc + [f for e, f in hb if e is b and f.sc
                                   and f.what == "F"]
            order |= set(itertools.product(before, behind))
        return acyclic(order)


def executions(threads):
    events = [e for thread in threads for e in thread]
    po = {(a, b) for thread in threads
          for a, b in itertools.combinations(thread, 2)}
    addresses = sorted({e.at for e in events if e.at})
    start = {at: Event(-1, f"{at}=0.rlx") for at in addresses}
    stores = {at: [e for e in events if e.writes and e.at == at]
              for at in addresses}
    po |= {(s, e) for s in start.values() for e in events}
    reads = [e for e in events if e.reads]
    for orders in itertools.product(*(itertools.permutations(stores[at])
                                      for at in addresses)):
        orders = [(start[at], *order)
                  for at, order in zip(addresses, orders)]
        for sources in itertools.product(
                *([start[r.at]] + [w for w in stores[r.at] if w is not r]
                  for r in reads)):
            chosen = dict(zip(reads, sources))
            if all(order[i - 1] is chosen[e] for order in orders
                   for i, e in enumerate(order) if e.what == "U"):
                yield Execution(events + list(start.values()), po, chosen,
                                orders), orders


def value_of(write, chosen):
    return value_of(chosen[write], chosen) + 1 if write.what == "U" \
        else write.value


def outcomes(program):
    """Returns {model: set of outcomes}."""
    body, _, finals = program.partition(" / ")
    threads = [[Event(i, step) for step in thread.split()]
               for i, thread in enumerate(body.split(" | "))]
    found = {"sc": set(), "tso": set(), "c11": set()}
    for execution, orders in executions(threads):
        last = {order[0].at: order[-1] for order in orders}
        text = "".join(str(value_of(w, execution.read))
                       for w in execution.read.values()) + "".join(
            str(value_of(last[at], execution.read)) for at in finals.split())
        for model, holds in (("sc", execution.sequential),
                             ("tso", execution.tso), ("c11", execution.c11)):
            if text not in found[model] and holds():
                found[model].add(text)
    return found


def columns(program):
    """Returns the columns of the table: the outcomes of sc, and the further outcomes that each
    other model allows."""
    found = outcomes(program)
    return [" ".join(sorted(found["sc"]))] + [
        " ".join(sorted(found[model] - found["sc"])) or "-"
        for model in ("tso", "c11")]


def main():
    table = Path(sys.argv[1])
    lines, wrong = [], 0
    for line in table.read_text().splitlines():
        if not line or line.startswith("#"):
            lines.append(line)
            continue
        name, program, *recorded, source = line.split("\t")
        right = columns(program)
        if [column.replace("!", "") for column in recorded] != right:
            wrong += 1
            print(f"{name}: {program}: the table has {recorded}, the axioms give "
                  f"{right}")
            recorded = right
        lines.append("\t".join([name, program, *recorded, source]))
    if "--write" in sys.argv:
        table.write_text("\n".join(lines) + "\n")
    elif wrong:
        sys.exit(1)
    else:
        print(f"{len([l for l in lines if l and l[0] != '#'])} rows agree with "
              "the axioms")


if __name__ == "__main__":
    main()
