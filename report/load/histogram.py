# SPDX-License-Identifier: Apache-2.0
"""Reads latency distributions: the .hlog files of a campaign (HdrHistogram's log format 1.3,
payload V2: zlib, then ZigZag LEB128 of counts and runs of zeros).

A bucket of 2048 sub-buckets resolves values to 3 digits.
"""
import base64
import binascii
import functools
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from report import folders
from report.load import seal
from report.load.errors import JournalError
from report.load.trial import Latency

COMPRESSED, PLAIN = 0x1C849314, 0x1C849313  # magic numbers of the compressed and the plain form
HEADER = struct.Struct(">iiiiqqd")
HALF = 1024  # number of sub-buckets for each doubling
DIGITS, MAX_NS, BUCKETS = 3, 2 ** 41 - 1, 32 * HALF


@dataclass(frozen=True)
class Histogram:
    """`values` [ns] are the largest values of each bucket with a count, in ascending order;
    `cumulated` is the number of recorded values up to each of these."""
    values: npt.NDArray[np.int64]
    cumulated: npt.NDArray[np.int64]

    @property
    def count(self) -> int:
        return int(self.cumulated[-1]) if len(self.cumulated) else 0

    def quantile(self, p: float) -> float:
        """Returns the smallest value [ns] that a share p of all values does not exceed, 0 < p <=
        1."""
        rank = max(int(np.ceil(p * self.count - 1e-9)), 1)
        return float(self.values[np.searchsorted(self.cumulated, rank)])


def highest(index: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Returns the largest value of each bucket."""
    shift = np.maximum(index // HALF - 1, 0)
    largest: npt.NDArray[np.int64] = ((index - shift * HALF + 1) << shift) - 1
    return largest


def words_of(data: bytes) -> Iterator[int]:
    """Yields the numbers in a ZigZag LEB128 stream, in which 9 bytes hold 64 bits."""
    word = shift = 0
    for byte in data:
        last = shift == 56
        word |= (byte if last else byte & 127) << shift
        shift += 7
        if last or byte < 128:
            yield (word >> 1) ^ -(word & 1)
            word = shift = 0
    if shift:
        raise ValueError("ends within a number")


def parse(payload: bytes) -> Histogram:
    """Decodes a base64 payload. Raises ValueError if the payload is invalid."""
    packed = base64.b64decode(payload, validate=True)
    cookie, size = struct.unpack_from(">iI", packed)
    plain = zlib.decompress(packed[8:])
    inner, length, *scale = HEADER.unpack_from(plain)
    if (cookie, inner) != (COMPRESSED, PLAIN) or size != len(packed) - 8 \
            or length != len(plain) - HEADER.size:
        raise ValueError("not a compressed histogram of version 2")
    if scale != [0, DIGITS, 1, MAX_NS, 1.0]:
        raise ValueError("not in ns with 3 digits")
    index, at, counts = [], 0, []
    for word in words_of(plain[HEADER.size:]):
        if word > 0:
            index.append(at)
            counts.append(word)
        at += 1 if word >= 0 else -word
    if at > BUCKETS or sum(counts) >= 2 ** 63:
        raise ValueError("more buckets or values than a histogram can hold")
    return Histogram(highest(np.array(index, np.int64)), np.cumsum(np.array(counts, np.int64)))


@functools.lru_cache(maxsize=None)
def read_file(path: Path, crc32: str | None) -> Histogram:
    """Reads the histogram in a .hlog file. Raises JournalError if the file is damaged."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise JournalError(f"{path}: {folders.reason(error)}") from None
    if crc32 is not None and crc32 != seal.crc32(data):
        raise JournalError(f"{path}: damaged, its crc32 differs from the one in "
                           f"trials.jsonl: {seal.advice(path.parents[1])}")
    lines = [line for line in data.splitlines() if line.startswith(b"Tag=")]
    try:
        return parse(lines[0].rsplit(b",", 1)[1])
    except (IndexError, ValueError, struct.error, zlib.error, binascii.Error) as error:
        raise JournalError(f"{path}: not a histogram: {error}") from None


def read(folder: Path, entry: Latency) -> Histogram | None:
    """Reads the histogram of a latency entry. Returns None if the entry names no file."""
    if not entry.histogram:
        return None
    return read_file(folder / f"{entry.histogram}.hlog", entry.hlog_crc32)
