# SPDX-License-Identifier: Apache-2.0
"""The exact gate checks that head and base have equal simulated counts
(docs/method/gate.md). The gate needs only Python, because it runs in pipelines that do not install
the report's packages."""
