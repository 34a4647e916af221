# SPDX-License-Identifier: Apache-2.0
"""What a run for claims keeps before its first trial: the level of the
family, the hash of the ledger, and that of the rules as docs/claims.md has
them, by which another hand decides, too."""
import hashlib
import json
import re
from pathlib import Path

from report.claims import ledger, rules


CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "claims.md"
RULES = re.compile(r"^\| rule \|.*?(?=^## )", re.M | re.S)


def contract():
    """SHA-256 of the rules in words, blanks apart."""
    text = RULES.search(CONTRACT.read_text(encoding="utf-8"))[0]
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()


def numbers():
    return {"format": 1, "kind": "claims", "alpha": rules.ALPHA,
            "ledger_sha256": ledger.digest(ledger.read()),
            "contract_sha256": contract()}


def main():
    """Prints them -> exit status. LedgerError."""
    print(json.dumps(numbers(), indent=1, sort_keys=True))
    return 0
