# SPDX-License-Identifier: Apache-2.0
"""The regression gate: is head slower than base? (docs/method/gate.md)"""
