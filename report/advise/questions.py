# SPDX-License-Identifier: Apache-2.0
"""The factors that a question sets, with the functions that parse their values."""
import re
from collections.abc import Callable
from typing import NamedTuple

from report import workload_values as values
from report.model.place import Place
from report.workload_values import Options, Value

KEYS_MOST, THREADS_MOST, THETA_MOST = 2 ** 31, 4096, 4  # limits of the runner


class Spot(NamedTuple):
    """A place, that is, the values of its factors. A factor that no option sets has its default."""
    write_share: float
    keys: int
    threads: int
    miss_share: float = 0.0
    write_kind: str = "update"
    dist: str = "uniform"
    shape: str = "u64x8"
    placement: str = "cores"
    memory: str = "first-touch"
    presize: bool = True
    options: Options = ()

    def value(self, factor: str) -> Value:
        value: Value = getattr(self, factor)
        return value

    @property
    def ordered(self) -> tuple[float, ...]:
        """The values of the ordered factors."""
        return self[:4]

    def rest(self, factor: str) -> tuple[Value, ...]:
        """Returns the values of all other factors."""
        return tuple(self.value(f) for f in FACTORS if f != factor)


FACTORS = Spot._fields
ORDERED = FACTORS[:4]  # ordered factors; the values of all other factors are names
NAMED = tuple(f for f in FACTORS if f not in ORDERED)
USUAL, EXAMPLE = Spot(0.0, 1, 1), Spot(0.03, 2 ** 16, 8)


class Axis(NamedTuple):
    """A factor that a question may set; `read` raises ValueError("expected ...")."""
    factor: str
    read: Callable[[str], Value]

    @property
    def key(self) -> str:
        """Name of the factor in workload files, and of its option."""
        return values.key_of(self.factor)

    @property
    def preset(self) -> Value | None:
        """Default value, or None if the option is required."""
        return None if self.factor in FACTORS[:3] else USUAL.value(self.factor)

    @property
    def open(self) -> bool:
        """True if the factor takes the only measured value instead of the default."""
        return self.factor in NAMED


def one_of(*names: str) -> Callable[[str], str]:
    """Makes a reader that accepts only these words."""
    def read(text: str) -> str:
        if text not in names:
            raise ValueError(f"expected {values.listed(names, 'or')}")
        return text
    return read


def read_dist(text: str) -> str:
    """Reads a distribution, and returns it in the form that cell ids use."""
    kind, _, rest = text.partition(":")
    try:
        if text in ("uniform", "sequential"):
            return text
        if kind == "zipf" and 0 < values.real(rest) <= THETA_MOST:
            return f"zipf:{values.real_text(values.real(rest))}"
        some, often = map(values.share, rest.split(":"))
        if kind == "hot" and 0 < some < 1 and often > 0:
            return f"hot:{values.share_text(some)}:{values.share_text(often)}"
    except ValueError:
        pass
    raise ValueError("expected uniform, sequential, zipf:THETA (above 0, at most 4) or "
                     "hot:KEYS%:OPERATIONS%, e.g. zipf:0.99, hot:1%:90%")


def read_misses(text: str) -> float:
    """Reads a share below 100 %."""
    value = values.share(text)
    if value == 1:
        raise ValueError("expected a share from 0% to below 100%, e.g. 10%")
    return value


def read_shape(text: str) -> str:
    """Reads the shape of keys and values, without checking that it was measured."""
    if not re.fullmatch(r"(u64|str(16|32|64))x(8|24|64|256|1024)", text):
        raise ValueError("expected KEYxVALUE: KEY u64, str16, str32 or str64, VALUE 8, 24, 64, "
                         "256 or 1024 bytes, e.g. u64x8 or str16x24")
    return text


def read_placement(text: str) -> str:
    """Reads the placement of the threads."""
    if not re.fullmatch(r"cores|smt|sockets|nodes|compact|none|numa:[0-9]{1,4}", text, re.A):
        raise ValueError("expected cores, smt, sockets, nodes, numa:N, compact or none")
    return text


AXES = (
    Axis("write_share", values.share),
    Axis("keys", lambda text: values.count(text, KEYS_MOST, "64Ki")),
    Axis("threads", lambda text: values.count(text, THREADS_MOST, "8")),
    Axis("miss_share", read_misses),
    Axis("write_kind", one_of("update", "churn", "fresh")),
    Axis("dist", read_dist),
    Axis("shape", read_shape),
    Axis("placement", read_placement))


def spot_of(p: Place) -> Spot:
    """Converts the place of a group of cells to a Spot."""
    return normal(Spot(p.write_share, p.keys, p.threads, p.miss_share, p.write_kind, p.dist,
                       p.shape, p.placement, p.memory, p.presize, p.options))


def options_of(spot: Spot) -> str:
    """Formats the options that select this place, without those that have their defaults."""
    return " ".join(f"--{axis.key} {values.text_of(axis.factor, spot.value(axis.factor))}"
                    for axis in AXES if spot.value(axis.factor) != axis.preset)


def normal(spot: Spot) -> Spot:
    """Sets the default kind of write if nothing is written."""
    return spot if spot.write_share else spot._replace(write_kind=USUAL.write_kind)


def in_words(spot: Spot) -> str:
    """Formats a place as "3% writes, 64Ki keys, 2 threads", followed by factors that differ from
    their defaults."""
    return ", ".join(values.in_words(f, spot.value(f)) for f in FACTORS
                     if f in FACTORS[:3] or spot.value(f) != USUAL.value(f))
