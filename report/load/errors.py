# SPDX-License-Identifier: Apache-2.0
"""The error for folders that cannot be read as a campaign."""
import os
from pathlib import Path


class JournalError(Exception):
    """Raised if the folder cannot be read as a campaign. The text gives the reason."""


def no_campaign(path: Path) -> JournalError:
    """The error for a folder that does not exist or lacks campaign.json. Names a symbolic link in
    the path that leads to no file."""
    for link in reversed((path, *path.parents)):
        if link.is_symlink() and not link.exists():
            return JournalError(f"{link} is a symbolic link to {os.readlink(link)}: No such file "
                                f"or directory: make the target, or remove the link (rm {link})")
    found = "no campaign.json" if path.is_dir() else \
        "not a folder" if path.exists() else "no such folder"
    return JournalError(f"{path}: {found}, expected the folder of a campaign (`ls results`; "
                        "`readmostly run --mode smoke` makes one)")
