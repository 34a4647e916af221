# SPDX-License-Identifier: Apache-2.0
"""The error for folders that cannot be read as a campaign."""


class JournalError(Exception):
    """The folder cannot be read as a campaign; the text gives the reason."""
