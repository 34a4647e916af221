# SPDX-License-Identifier: Apache-2.0
"""What may be asked: the factors of a place, how each is read, written and
said. A place is a tuple of their values in the order of FACTORS."""
import re
from typing import Callable, NamedTuple

from report import factors, words
from report.advise import numbers

KEYS_MOST, THREADS_MOST, THETA_MOST = 2 ** 31, 4096, 4  # as the runner's
KINDS = ("update", "churn", "fresh")
SHAPES = tuple(factors.SCHEMA["properties"]["shape"]["enum"])


class Axis(NamedTuple):
    """One factor that a question may name."""
    key: str  # of workload files, and the option
    factor: str  # member of a cell
    ordered: bool  # may an answer lie between two values of it
    read: Callable  # text -> value; ValueError("expected ...")
    write: Callable  # value -> text
    say: Callable  # value -> words
    preset: object = None  # None: must be given


def one_of(*names):
    """A reader of words."""
    def read(text):
        if text not in names:
            raise ValueError(f"expected {', '.join(names[:-1])} or "
                             f"{names[-1]}")
        return text
    return read


def read_dist(text):
    """The distribution as ids of cells spell it."""
    kind, _, rest = text.partition(":")
    try:
        if text in ("uniform", "sequential"):
            return text
        if kind == "zipf" and 0 < numbers.real(rest) <= THETA_MOST:
            return f"zipf:{numbers.real_text(numbers.real(rest))}"
        some, often = map(numbers.share, rest.split(":"))
        if kind == "hot" and 0 < some < 1 and often > 0:
            return (f"hot:{numbers.share_text(some)}:"
                    f"{numbers.share_text(often)}")
    except ValueError:
        pass
    raise ValueError("expected uniform, sequential, zipf:THETA (above 0, at "
                     "most 4) or hot:KEYS%:OPERATIONS%, e.g. zipf:0.99, "
                     "hot:1%:90%")


def read_misses(text):
    value = numbers.share(text)
    if value == 1:
        raise ValueError("expected a share from 0% to below 100%, e.g. 10%")
    return value


def read_placement(text):
    if not re.fullmatch(r"cores|smt|sockets|compact|none|numa:[0-9]{1,4}",
                        text, re.A):
        raise ValueError("expected cores, smt, sockets, numa:N, compact or "
                         "none")
    return text


AXES = (
    Axis("writes", "write_share", True, numbers.share, numbers.share_text,
         lambda v: f"{words.share(v)}{words.NARROW}% writes"),
    Axis("keys", "keys", True, lambda t: numbers.count(t, KEYS_MOST, "64Ki"),
         numbers.count_text, words.of_keys),
    Axis("threads", "threads", True,
         lambda t: numbers.count(t, THREADS_MOST, "8"), str,
         lambda v: words.plural(v, "thread")),
    Axis("misses", "miss_share", True, read_misses, numbers.share_text,
         lambda v: f"{words.share(v)}{words.NARROW}% misses", 0.0),
    Axis("write-kind", "write_kind", False, one_of(*KINDS), str,
         words.writes, "update"),
    Axis("dist", "dist", False, read_dist, str, "dist {}".format, "uniform"),
    Axis("shape", "shape", False, one_of(*SHAPES), str, "shape {}".format,
         "u64x8"),
    Axis("placement", "placement", False, read_placement, str,
         "placement {}".format, "cores"))
ASKED = {axis.factor: axis for axis in AXES}
# What nobody can ask for is as usual, or the answer is of something else.
USUAL = {"memory": "first-touch", "presize": True} | factors.OPTIONAL
FACTORS = (*ASKED, *USUAL)
ORDERED = tuple(axis.factor for axis in AXES if axis.ordered)
NAMED = tuple(f for f in FACTORS if f not in ORDERED)


def usual_kind(values):
    """Without writes there is no kind of write that could differ."""
    if values["write_share"] == 0:
        values["write_kind"] = ASKED["write_kind"].preset
    return values


def place_of(values):
    """The place of a cell's or a question's factors, a dict."""
    values = usual_kind(dict(values))
    return tuple(values[factor] for factor in FACTORS)


def value_at(place, factor):
    return place[FACTORS.index(factor)]


def moved(place, factor, value):
    """The place beside it that differs in one factor."""
    at = FACTORS.index(factor)
    return place[:at] + (value,) + place[at + 1:]


def said(factor, value):
    """One factor with its value in words: "64 Ki keys", "memory bind:1"."""
    if factor in ASKED:
        return ASKED[factor].say(value)
    if isinstance(value, bool):
        value = "yes" if value else "no"
    return f"{factor.replace('_', ' ')} {value}"


def name_of(factor):
    """A factor as workload files call it."""
    return ASKED[factor].key if factor in ASKED else factor.replace("_", "-")


def written(factor, value):
    """A value as workload files write it."""
    if factor in ASKED:
        return ASKED[factor].write(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def place_text(place, cpus=None):
    """"8 threads, 97 % lookups, 3 % updates, 10 000 keys", and what is not
    as usual; cpus: of the machine, where known."""
    at = dict(zip(FACTORS, place))
    parts = [ASKED["threads"].say(at["threads"]),
             words.mix(at["write_share"], at["write_kind"]),
             ASKED["keys"].say(at["keys"])]
    parts += [said(f, at[f]) for f in ("miss_share", "dist", "shape",
                                       "placement")
              if at[f] != ASKED[f].preset]
    parts += [said(f, at[f]) for f, usual in USUAL.items() if at[f] != usual]
    if cpus and at["threads"] > cpus:
        parts.append("more threads than CPUs")
    return ", ".join(parts)
