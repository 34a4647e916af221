# SPDX-License-Identifier: Apache-2.0
"""One file with all that a campaign's figures came from, and what proves that
it is whole (docs/reference/artifact.md, docs/adr/0044)."""
