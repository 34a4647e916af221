# SPDX-License-Identifier: Apache-2.0
"""Properties that a user may require of a map (described in needs.json). Each is a predicate on the
map's card; a property that is not documented counts as missing."""
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from report.load import strict_json
from report.load.decode import decode
from report.model.cards import Card, Scan
from report.workload_values import listed

TEXTS = decode(Mapping[str, str], strict_json.loads(  # type: ignore[type-abstract]
    Path(__file__).with_name("needs.json").read_bytes()))
# Values that Card.synchronisation may begin with. With all other kinds of synchronisation, a
# stopped reader prevents the release of memory.
BOUNDED = {"epoch", "cas", "none", "mutex", "go-mutex", "pthread-mutex", "ticket", "rwlock",
           "go-rwmutex", "go-rwmutex-spin", "pthread-rwlock", "ck-brlock", "ck-pflock"}
NEEDS: Mapping[str, Callable[[Card], bool]] = {
    "scan": lambda c: c.scan is not Scan.NONE,
    "range": lambda c: c.scan is not Scan.NONE,
    "point-in-time": lambda c: c.scan is Scan.MOMENT,
    "lock-free": lambda c: c.progress in ("lock-free", "wait-free"),
    "wait-free": lambda c: c.progress == "wait-free",
    "many-writers": lambda c: bool(c.many_writers),
    "new-answers": lambda c: not c.stale_reads,
    "growth": lambda c: c.grows,
    "no-duties": lambda c: c.duty == "none",
    "no-threads": lambda c: not c.own_threads,
    "bounded-memory": lambda c: c.synchronisation.partition(",")[0] in BOUNDED}


def read(text: str) -> tuple[str, ...]:
    """Parses "scan,range" as ("scan", "range"). Raises ValueError if a name is not in NEEDS."""
    names = tuple(dict.fromkeys(text.split(",")))
    wrong = [name for name in names if name not in NEEDS]
    if wrong:
        raise ValueError(f"expected {listed(NEEDS, 'or')}, separated by commas" +
                         f", not {wrong[0]!r}" * (len(names) > 1))
    return names


def unmet(cards: Iterable[Card], names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Returns the properties that each map lacks, except for maps that have all of them."""
    found = {c.id: tuple(n for n in names if not NEEDS[n](c)) for c in cards}
    return {m: missing for m, missing in found.items() if missing}
