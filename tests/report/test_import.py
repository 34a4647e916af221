# SPDX-License-Identifier: Apache-2.0
"""Compares `readmostly dev import twitter` with a second importer. It was written from
docs/reference/traces.md and the description of the format, without reading the first one."""
import gzip
import lzma
import os
import random
import subprocess
from pathlib import Path

import pytest
from test_traces import DEL, GET, SET, lines_of

TOP = Path(__file__).resolve().parents[2]
PROGRAM = (TOP / os.environ.get("BUILD", "build/gcc")).resolve() / "readmostly"
FIXTURE = TOP / "tests/fixtures/traces/twitter.csv"
DIGITS = "".join(chr(ord("0") + i) for i in range(64))
IF_THERE = {"replace", "cas", "append", "prepend", "incr", "decr"}


def run(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True)


def imported(tmp_path, text, *options):
    """Returns the operations of the trace that is made from a file."""
    source, made = tmp_path / "source.csv", tmp_path / "made.trace"
    source.write_bytes(text)
    done = run("dev", "import", "twitter", source, "-o", made, *options)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return lines_of(made.read_bytes()), done.stdout


def named(text, size, number):
    """Makes a key with this text and size."""
    if len(text) <= size:
        return text + b"\0" * (size - len(text))
    name = b"\1"
    while True:
        name += DIGITS[number % 64].encode()
        number //= 64
        if not number:
            return name + b"\0" * (size - len(name))


class Model:
    """The operations that a cache runs for each line of the file."""

    def __init__(self):
        self.names, self.ends, self.state, self.made = {}, {}, {}, []

    def expire(self, now):
        due = sorted((at, turn, key) for key, (at, turn) in self.ends.items()
                     if at <= now)
        for _, _, key in due:
            self.made.append((DEL, self.names[key], None))
            self.state[key] = False
            del self.ends[key]

    def line(self, turn, text):
        now, rest = text.split(b",", 1)
        key, size, value, _, word, ttl = rest.rsplit(b",", 5)
        word, now = word.decode(), int(now)
        self.expire(now)
        self.names.setdefault(key, named(key, int(size), len(self.names)))
        there = self.state.get(key)
        if word == "delete":
            self.made.append((DEL, self.names[key], None))
            self.state[key] = False
            self.ends.pop(key, None)
        elif (word in ("get", "gets") or word == "add" and there
              or word in IF_THERE and there is False):
            self.made.append((GET, self.names[key], None))
            self.state.setdefault(key, True)
        else:
            self.made.append((SET, self.names[key], b"v" * int(value)))
            self.state[key] = True
            if word in ("set", "add", "replace", "cas"):
                self.ends.pop(key, None)
                if int(ttl):
                    self.ends[key] = now + int(ttl), turn

    def operations(self, text):
        for turn, line in enumerate(text.splitlines()):
            self.line(turn, line)
        return self.made


def has(lines):
    """Returns the lines of a trace without the lines that describe its initial state."""
    return [line for line in lines if line[0] in (GET, SET, DEL)]


def drawn(seed, lines=400):
    """Makes a file of random lines about few keys, many of which expire."""
    draw, now, text = random.Random(seed), 0, []
    keys = [("k%d" % i * draw.choice((1, 3)), draw.choice((4, 8, 20)))
            for i in range(12)]
    words = ["get"] * 6 + ["set"] * 3 + sorted(IF_THERE) + [
        "gets", "add", "add", "delete"]
    for _ in range(lines):
        now += draw.choice((0, 0, 1, 2))
        (key, size), word = draw.choice(keys), draw.choice(words)
        text.append(f"{now},{key},{size},{draw.choice((0, 8, 200))},7,{word},"
                    f"{draw.choice((0, 1, 3, 30))}\n")
    return "".join(text).encode()


@pytest.mark.parametrize("seed", range(6))
def test_a_second_importer_makes_the_same_trace(tmp_path, seed):
    text = FIXTURE.read_bytes() if seed == 0 else drawn(seed)
    lines, messages = imported(tmp_path, text)
    expected = Model().operations(text)
    assert has(lines) == expected
    assert sum(word == DEL for word, _, _ in expected) > 1
    assert f"{text.count(10)} lines" in messages


def test_lengths_are_kept_and_expiry_is_a_remove_at_its_time(tmp_path):
    lines, messages = imported(tmp_path, FIXTURE.read_bytes())
    first = has(lines)
    assert {len(key) for _, key, _ in first} == {22, 18, 27, 3, 4}
    key = b"yDqF:3q:1AJrrJ1nnCJKKrnGx1A"
    assert [(w, v and len(v)) for w, k, v in first if k == key] == [
        (SET, 27), (GET, None), (DEL, None), (GET, None), (GET, None)]
    assert "3 of them expired" in messages
    assert "1 keys are longer than their stated size" in messages


@pytest.mark.parametrize("map_name", ["gomap_rw", "syncmap"])
def test_an_imported_trace_replays(tmp_path, map_name):
    for options in (), ("--binary",):
        made = tmp_path / "made.trace"
        (tmp_path / "source.csv").write_bytes(drawn(9, 5000))
        run("dev", "import", "twitter", tmp_path / "source.csv", "-o", made, *options)
        done = run("dev", "replay", made, "--map", map_name, "--threads", "2")
        assert done.returncode == 0, done.stderr
        assert "own keys of 4 to 20 bytes" in done.stdout


@pytest.mark.parametrize("text, place, remedy", [
    (b"", ":1: ", "at least one line"),
    (b"0,a,1,1,1,get,0", ":1: last line", "a newline"),
    (b"0,a,1,1,1,get,0\n0,a,1,1,get,0\n", ":2: ", "seven fields"),
    (b"0,a,27,get,\n", ":1: line", "seven fields"),
    (b"0,a,1,1,1,get,0\nx\n", ":2: line", "timestamp,key"),
    (b"5,a,1,1,1,get,0\n4,a,1,1,1,get,0\n", ":2: timestamp", "sort -s"),
    (b"0,a,1,1,1,got,0\n", ':1: operation "got"', "get, gets, set"),
    (b"0,a,0,1,1,get,0\n", ':1: key size "0"', "1 to 1024"),
    (b"0,a,1025,1,1,get,0\n", ":1: key size", "1 to 1024"),
    (b"0,a,1,1048577,1,set,0\n", ":1: value size", "1048576"),
    (b"0,a,1,1,1,set,-1\n", ":1: TTL", "seconds"),
    (b"0,a,1,1,1,set,1\r\n", ":1: TTL", "seconds"),
    (b"0,\x01,1,1,1,get,0\n", ":1: key", "control"),
    (b"0,abc,1,1,1,get,0\n", ":1: key", "fits its number"),
    (b"\x28\xb5\x2f\xfdrest", ": compressed by zstd", "unpack it (zstd -d)"),
    (gzip.compress(b"0,a,1,1,1,get,0\n", mtime=0), ": compressed by gzip", "gunzip -k"),
    (lzma.compress(b"0,a,1,1,1,get,0\n"), ": compressed by xz", "unxz -k"),
])
def test_errors_have_a_place_and_a_next_step(tmp_path, text, place, remedy):
    source, made = tmp_path / "source.csv", tmp_path / "made.trace"
    source.write_bytes(text)
    done = run("dev", "import", "twitter", source, "-o", made)
    assert done.returncode == 2
    assert f"source.csv{place}" in done.stderr and remedy in done.stderr
    assert not made.exists()


def test_usage_errors_and_missing_files(tmp_path):
    made = tmp_path / "made.trace"
    assert run("dev", "import", "memcached", FIXTURE, "-o", made).returncode == 2
    assert run("dev", "import", "twitter", FIXTURE).returncode == 2
    assert run("dev", "import", "twitter", tmp_path / "no", "-o",
               made).returncode == 2
    assert run("dev", "import", "twitter", FIXTURE, "-o",
               tmp_path / "no/made").returncode == 3
