# SPDX-License-Identifier: Apache-2.0
"""The error that ends the reading of a campaign."""


class JournalError(Exception):
    """The folder cannot be read as a campaign; the text is the reason."""
