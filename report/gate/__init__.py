# SPDX-License-Identifier: Apache-2.0
"""The regression gate checks whether head is slower than base (docs/method/gate.md)."""
