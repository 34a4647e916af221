# SPDX-License-Identifier: Apache-2.0
"""Prints the record that a run for claims makes before its first trial: the significance level
of the family, and the hashes of the ledger and of the rules in docs/reference/claims.md."""
import hashlib
import re
from pathlib import Path

from report.claims import ledger, rules
from report.claims.text import LedgerError
from report.load import strict_json

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "claims.md"
RULES = re.compile(r"^\| rule \|.*?(?=^## )", re.M | re.S)


def contract() -> str:
    """SHA-256 of the rules' text, ignoring white space."""
    text = RULES.search(CONTRACT.read_text(encoding="utf-8"))
    if text is None:
        raise LedgerError(f"{CONTRACT}: expected the table of rules")
    return hashlib.sha256(" ".join(text[0].split()).encode()).hexdigest()


def main() -> int:
    """Prints the record and returns the exit status. Raises LedgerError."""
    print(strict_json.dumps({"format": 1, "kind": "claims", "alpha": rules.ALPHA,
                             "ledger_sha256": ledger.digest(ledger.read()),
                             "contract_sha256": contract()}, indent=1, sort_keys=True))
    return 0
