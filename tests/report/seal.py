# SPDX-License-Identifier: Apache-2.0
"""Lines of a journal that a test changed, sealed again: what else is wrong
with them must be seen without their checksum (results/README.md)."""
import json
import zlib


def sealed(trial):
    """A line with its newline."""
    text = json.dumps({k: v for k, v in trial.items() if k != "crc32"})[:-1]
    return f'{text},"crc32":"{zlib.crc32(text.encode()):08x}"}}\n'
