# SPDX-License-Identifier: Apache-2.0
"""Compares maps with a Python dict, on traces with keys and values of any length.

The reader of both forms of a trace was written from docs/reference/traces.md, without reading the C
code.
"""
import os
import random
import re
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
PROGRAM = (TOP / os.environ.get("BUILD", "build/gcc")).resolve() / "readmostly"
FIXTURE = TOP / "tests/fixtures/traces/own.trace"
OLD = TOP / "tests/fixtures/traces/version1.bin"
MAPS = "gomap_rw", "syncmap", "shard_rw_32", "shard_seg", "snapshot", "slab"
GET, SET, DEL, HAS = range(4)
NONE = 0xffffffff


def lines_of(text):
    """Yields (operation, key, value or None) for each line of the text form."""
    at, lines = 0, []
    while at < len(text):
        put = re.compile(rb"put (\d+) (\d+) ").match(text, at)
        if put:
            key, value = int(put[1]), int(put[2])
            at = put.end() + key + 1 + value + 1
            assert text[put.end() + key:][:1] == b" "
            lines.append((SET, text[put.end():put.end() + key],
                          text[at - 1 - value:at - 1]))
        else:
            word, rest = text[at:text.index(b"\n", at)].split(b" ", 1)
            at += len(word) + len(rest) + 2
            if word in (b"get", b"set", b"del", b"has"):
                lines.append(([b"get", b"set", b"del", b"has"].index(word),
                              rest, None))
            else:
                assert word in (b"#", b"end")
        assert text[at - 1:at] == b"\n"
    return lines


def model(lines):
    """Returns the content of a dict after these lines, and how many gets find their key."""
    has = [key for word, key, _ in lines if word == HAS]
    if not has:
        first = {}
        for word, key, _ in lines:
            first.setdefault(key, word)
        has = [key for key, word in first.items() if word != SET]
    held, hits, ordinal = {key: b"0" for key in has}, 0, 0
    for word, key, value in lines:
        if word == GET:
            hits += key in held
        elif word == SET:
            ordinal += 1
            held[key] = b"%d" % ordinal if value is None else value
        elif word == DEL:
            held.pop(key, None)
    return held, hits


def as_text(lines):
    words = [b"get", b"set", b"del", b"has"]
    return b"".join(
        b"%s %s\n" % (words[word], key) if value is None else
        b"put %d %d %s %s\n" % (len(key), len(value), key, value)
        for word, key, value in lines)


def as_binary(lines):
    records = b"".join(
        struct.pack("<BHI", word, len(key),
                    NONE if value is None else len(value)) +
        key + (value or b"") for word, key, value in lines)
    head = b"\x89rmtrace" + struct.pack("<IIQ", 2, 7, len(lines))
    return head + struct.pack("<II", zlib.crc32(head + records), 0) + records


def drawn(seed, count=3000):
    """Makes random operations on keys and values of all lengths and bytes."""
    rng = random.Random(seed)
    lengths = [1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 255, 256, 1024]
    keys = {bytes(rng.choice(b"\0 #\r\xffabc") for _ in range(
        rng.choice(lengths))) for _ in range(150)}
    keys = sorted(keys | {b"put 1 1 a b", b"end 3", b" "})
    lines = [(HAS, key, None) for key in keys[::3]]
    for _ in range(count):
        word = rng.choices([GET, SET, DEL], [5, 4, 1])[0]
        value = rng.randbytes(rng.choice([0, 1, 8, 24, 100, 5000]))
        lines.append((word, rng.choice(keys),
                      value if word == SET and rng.random() < .8 else None))
    return lines


def replay(path, *arguments):
    return subprocess.run([PROGRAM, "dev", "replay", path, *arguments], timeout=600,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def state(path, tmp_path, *arguments):
    """Returns the content of the map as a dict, and the output."""
    out = tmp_path / "state"
    done = replay(path, "--state", out, *arguments)
    assert done.returncode == 0, done.stderr
    lines = lines_of(out.read_bytes())
    assert {word for word, _, _ in lines} <= {SET}
    held = {key: value for _, key, value in lines}
    assert len(held) == len(lines)
    return held, done.stdout.decode("utf-8", "replace")


def digest(output):
    return re.search(r"^digest (\w{16})$", output, re.M)[1]


def test_the_fixture_covers_the_hard_cases():
    lines = lines_of(FIXTURE.read_bytes())
    values = [value for _, _, value in lines if value is not None]
    assert len({len(key) for _, key, _ in lines}) >= 10
    assert len({len(value) for value in values}) >= 5
    assert b"" in values and any(b"\n" in value for value in values)
    assert {word for word, _, _ in lines} == {GET, SET, DEL, HAS}
    assert any(word == SET and value is None for word, _, value in lines)


@pytest.mark.parametrize("name", MAPS)
def test_a_map_ends_as_a_dict_does(name, tmp_path):
    want, _ = model(lines_of(FIXTURE.read_bytes()))
    for arguments in ((), ("--threads", "3"), ("--shape", "str16x24"),
                      ("--passes", "2", "--threads", "2")):
        held, output = state(FIXTURE, tmp_path, "--map", name, *arguments)
        if "--passes" in arguments:
            # the second trace begins with the final content of the first
            assert held.keys() >= want.keys()
        else:
            assert held == want
        assert f"keys {len(held)}\n" in output


@pytest.mark.parametrize("seed", range(5))
def test_drawn_traces_in_both_forms(seed, tmp_path):
    lines = drawn(seed)
    want, hits = model(lines)
    text, binary = tmp_path / "t", tmp_path / "b"
    text.write_bytes(as_text(lines))
    binary.write_bytes(as_binary(lines))
    assert lines_of(text.read_bytes()) == lines
    output = [replay(path).stdout for path in (text, binary)]
    assert output[0].split(b":", 1)[1] == output[1].split(b":", 1)[1]
    assert b"(%d find their key)" % hits in output[0]
    for path in text, binary:
        held, shown = state(path, tmp_path, "--map", "gomap_rw",
                            "--threads", "2")
        assert held == want
        assert digest(shown) == digest(output[0].decode())
        assert re.search(r"^own keys of 1 to 1024 bytes$", shown, re.M)
        assert re.search(r"^own values of 0 to 5000 bytes$", shown, re.M)


@pytest.mark.parametrize("form", [as_text, as_binary])
def test_the_largest_key_and_value_are_accepted(form, tmp_path):
    key, value = b"k" * 1024, b"v" * 2 ** 20
    file = tmp_path / "trace"
    file.write_bytes(form([(HAS, b"a", None), (SET, key, value)]))
    held, _ = state(file, tmp_path, "--map", "gomap_rw")
    assert held[key] == value
    for lines in [(SET, key, value + b"v")], [(SET, key + b"k", value)]:
        file.write_bytes(form(lines))
        assert replay(file).returncode == 2, "a larger key or value must be rejected"


def test_one_form_is_written_as_the_other(tmp_path):
    lines = drawn(9)
    text, binary = tmp_path / "t", tmp_path / "b"
    text.write_bytes(as_text(lines))
    assert replay(text, "--write", binary, "--binary").returncode == 0
    assert binary.read_bytes() == as_binary(lines)
    assert replay(binary, "--write", text).returncode == 0
    assert lines_of(text.read_bytes()) == lines


def test_the_previous_version_is_rejected_by_name():
    done = replay(OLD)
    assert done.returncode == 2 and done.stdout == b""
    assert b"version1.bin: byte 8: version 1, expected 2" in done.stderr


@pytest.mark.parametrize("bad, place", [
    (b"get a\nput 1 1 a\n", b":2: put, expected key and value"),
    (b"get a\nput 1 3 a b\n", b":2: put, expected key and value"),
    (b"put 1 1 a bc\n", b":1: put, expected key and value"),
    (b"put 3 1 a\nb c\n", b":1: a key with a newline"),
    (b"put 0 1  b\n", b":1: put, expected the lengths of key"),
    (b"put 1025 1 %s b\n" % (b"k" * 1025), b":1: put, expected the lengths"),
    (b"put 1 1048577 a b\n", b":1: put, expected the lengths"),
    (b"put 1 99999999999999999999 a b\n", b":1: put, expected the lengths"),
    (b"put 1 3 a \n\n\nget b\nsot c\n", b""),
    (b"put 1 3 a \n\n\n\nget b\nsot c\n", b":6: \"sot c\""),
    (b"put x 1 a b\n", b":1: put, expected the lengths"),
])
def test_a_bad_put_is_rejected_with_its_line(bad, place, tmp_path):
    path = tmp_path / "bad"
    path.write_bytes(bad)
    done = replay(path)
    assert done.returncode == 2 and done.stdout == b""
    assert place in done.stderr


def test_only_sets_may_have_a_value(tmp_path):
    path = tmp_path / "bad"
    path.write_bytes(as_binary([(GET, b"a", b"v")]))
    assert b"byte 32: a value in a record other than set" in replay(path).stderr
    path.write_bytes(as_binary([(SET, b"a\nb", b"v")]))
    assert b"byte 32: a key with a newline" in replay(path).stderr


def test_numbers_replace_keys_only_on_request(tmp_path):
    want = digest(replay(FIXTURE).stdout.decode())
    done = replay(FIXTURE, "--map", "gomap_rw", "--shape", "u64x8")
    assert digest(done.stdout.decode()) == want
    assert b"own keys" not in done.stdout
    done = replay(FIXTURE, "--map", "gomap_u64")
    assert done.returncode == 2 and b"--shape u64x8" in done.stderr
    done = replay(FIXTURE, "--map", "gomap_rw", "--shape", "u64x8",
                  "--state", tmp_path / "s")
    assert done.returncode == 2
