#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# touched.sh - prints the ids of new and changed maps, one per line. A map counts as changed if its file, or a file of
# its family that it includes, is untracked or differs from the commit where this branch left its upstream (HEAD without
# an upstream).
. runner/base/environment.sh
base=$(git merge-base HEAD '@{upstream}' 2>/dev/null ||
	git rev-parse -q --verify HEAD 2>/dev/null) || exit 0
changed=$({ git diff --name-only "$base" -- impls
	git ls-files --others --exclude-standard -- impls; } | sort -u)
[ -n "$changed" ] || exit 0

# A header of another family, or one shared by all, does not count, since it would select most maps.
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
