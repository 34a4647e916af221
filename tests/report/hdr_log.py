# SPDX-License-Identifier: Apache-2.0
"""Writes .hlog files: HdrHistogram's log format 1.3, payload V2."""
import base64
import struct
import zlib


def bucket_of(ns):
    """Index of the bucket of a value, 2048 sub-buckets."""
    shift = max(ns.bit_length() - 11, 0)
    return shift * 1024 + (ns >> shift)


def leb128(word):
    """ZigZag LEB128 of up to 9 bytes."""
    left, out = (word << 1) ^ (word >> 63), bytearray()
    while left > 127 and len(out) < 8:
        out.append(left & 127 | 128)
        left >>= 7
    return bytes(out) + bytes([left])


def plain(counts):
    """The payload of {bucket: count} before its compression."""
    words, end = b"", 0
    for index in sorted(counts):
        if index > end:
            words += leb128(end - index)
        words, end = words + leb128(counts[index]), index + 1
    return struct.pack(">iiiiqqd", 0x1C849313, len(words), 0, 3, 1, 2**41 - 1,
                       1.0) + words


def log(payload):
    """The text of a file with one interval of such a payload."""
    packed = zlib.compress(payload)
    packed = struct.pack(">ii", 0x1C849314, len(packed)) + packed
    return (b'#[Histogram log format version 1.3]\n"StartTimestamp",...\n'
            b"Tag=x,0.000,5.000,1.000," + base64.b64encode(packed) + b"\n")
