# SPDX-License-Identifier: Apache-2.0
"""Seals journal lines that a test has changed, so that other faults in them are found
without the checksum (results/README.md)."""
import json
import zlib


def sealed(trial):
    """The line with its checksum and newline."""
    text = json.dumps({k: v for k, v in trial.items() if k != "crc32"})[:-1]
    return f'{text},"crc32":"{zlib.crc32(text.encode()):08x}"}}\n'
