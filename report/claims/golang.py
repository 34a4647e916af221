# SPDX-License-Identifier: Apache-2.0
"""Selects the Go version that decides a claim.

Go 1.24 replaced sync.Map and the native map. A claim about the older ("classic") maps is decided
by a Go version that has them; the verdict on today's Go is given next to it. Ids of Go's maps
(docs/go-equality.md): go_X is compiled by the newest installed Go, and go_classic_X by the newest
Go that still has the classic maps, if that is another compiler.
"""
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from report.claims.ledger import Claim, is_go
from report.load.plan import MapInfo

CLASSIC, TODAY = "classic Go", "today's Go"  # the Go version whose maps a verdict is about
PREFIX, CLASSIC_PREFIX, OTHER_PREFIX = "go_", "go_classic_", "go_other_"
OLDEST, NEWEST = (1, 9), (1, 23)  # first and last version with the classic sync.Map
WANTED = {"classic": "Go 1.9 to 1.23, which has the classic maps", "any": "Go"}
NEXT_STEP = "next step: make deps, or make GO=/path/to/go, and run the claim again"


@dataclass(frozen=True)
class Go:
    """A version of Go; the ids of its maps start with `prefix`."""
    version: str
    prefix: str

    def __str__(self) -> str:
        return f"Go {self.version}"

    def maps(self, side: str) -> str:
        """Makes a text such as "go_map_rw threads=1" refer to the maps of this Go version."""
        return re.sub(f"^{PREFIX}", self.prefix, side)

    def of(self, claim: Claim) -> list[Claim]:
        """Returns the claim for each of its cells, about the maps of this Go version."""
        return [replace(one, subject=self.maps(one.subject), against=self.maps(one.against))
                for one in claim.each(go=True)]


def plain(side: str) -> str:
    """Removes the prefix of classic Go from the id of a map."""
    return re.sub(f"^{CLASSIC_PREFIX}", PREFIX, side)


Gos = Mapping[str, Go]  # maps CLASSIC and TODAY to the campaign's Go version of that kind, if any


def version_of(info: MapInfo) -> str | None:
    """The version of Go that compiled a map, or None if it is not a Go map."""
    return info.language_version if is_go(info.id) else None


def is_classic(version: str) -> bool:
    """True if this version of Go has the classic maps."""
    major, minor = (int(re.sub(r"\D.*", "", part)) for part in version.split(".")[:2])
    return OLDEST <= (major, minor) <= NEWEST


def read(maps: Iterable[MapInfo]) -> Gos:
    """Finds the Go versions that compiled the maps of a campaign."""
    versions: dict[str, str] = {}
    for info in maps:
        version = version_of(info)
        if version and not info.id.startswith(OTHER_PREFIX):
            prefix = CLASSIC_PREFIX if info.id.startswith(CLASSIC_PREFIX) else PREFIX
            versions[prefix] = version
    found = {}
    for prefix in (PREFIX, CLASSIC_PREFIX):
        if prefix in versions:
            whose = CLASSIC if is_classic(versions[prefix]) else TODAY
            found[whose] = Go(versions[prefix], prefix)
    return found


def absent(claim: Claim, gos: Gos) -> str:
    """Explains why the verdict on Go is missing, and gives the next step."""
    present = " and ".join(map(str, gos.values())) or "no Go"
    return f"needs {WANTED[claim.needs_go]}; this campaign has {present}; {NEXT_STEP}"
