# SPDX-License-Identifier: Apache-2.0
"""The error for folders that cannot be read as a campaign."""
from pathlib import Path


class JournalError(Exception):
    """Raised if the folder cannot be read as a campaign. The text gives the reason."""


def no_campaign(path: Path) -> JournalError:
    """The error for a folder that does not exist or lacks campaign.json."""
    found = "no campaign.json" if path.is_dir() else \
        "not a folder" if path.exists() else "no such folder"
    return JournalError(f"{path}: {found}, expected the folder of a campaign (`ls results`; "
                        "`readmostly run --mode smoke` makes one)")
