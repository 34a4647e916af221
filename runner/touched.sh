#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# touched.sh - prints the ids of maps that somebody works on, one on a line:
# their file, or one of their family that they include, is untracked or differs
# from where this branch left its upstream (from HEAD where there is none).
. runner/base/environment.sh
base=$(git merge-base HEAD '@{upstream}' 2>/dev/null ||
	git rev-parse -q --verify HEAD 2>/dev/null) || exit 0
changed=$({ git diff --name-only "$base" -- impls
	git ls-files --others --exclude-standard -- impls; } | sort -u)
[ -n "$changed" ] || exit 0

# A header of another family, or one that all share, touches no map: it would
# be most of them.
for family in $(dirname $changed | sort -u); do
	mine=$(grep "^$family/[^/]*$" <<<"$changed")
	for map in "$family"/*.c "$family"/*.cc; do
		grep -q 'struct rm_impl rm_impl_' "$map" 2>/dev/null || continue
		read=$("${CC:-cc}" -MM -MG -D_GNU_SOURCE -I. "$map" 2>/dev/null |
			tr -d '\\' | tr -s ' ' '\n')
		grep -qxF "$mine" <<<"$map"$'\n'"$read" &&
			basename "${map%.*}"
	done
done | sort -u
exit 0
