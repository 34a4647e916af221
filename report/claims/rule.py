# SPDX-License-Identifier: Apache-2.0
"""What a run for claims keeps before its first trial: the level of the
family, and the hash of the ledger with all its rules."""
import json

from report.claims import ledger, rules


def numbers():
    return {"format": 1, "kind": "claims", "alpha": rules.ALPHA,
            "ledger_sha256": ledger.digest(ledger.read())}


def main():
    """Prints them -> exit status. LedgerError."""
    print(json.dumps(numbers(), indent=1, sort_keys=True))
    return 0
