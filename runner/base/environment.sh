# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# environment.sh - removes inherited variables that change results or output (environment.def), as
# environment.c does. Scripts that users start source this file first, from the project's folder.
[ -z "${BASH_VERSION-}" ] || { set +o posix; shopt -u extglob nullglob failglob; export -n SHELLOPTS BASHOPTS; }
set +aefuvx
export LC_ALL=C.UTF-8
unset CDPATH POSIXLY_CORRECT $(awk '
	/^(UNWANTED|KEPT)\(/ { split($0, part, /["(]/); name[++rows] = part[3]; kept[rows] = part[1] == "KEPT" }
	END {
		for (variable in ENVIRON) {
			remove = 0
			for (i = 1; i <= rows; i++) {
				prefix = name[i]
				if (variable == prefix || sub(/\*$/, "", prefix) && index(variable, prefix) == 1)
					remove = kept[i] ? -rows : remove + 1
			}
			if (remove > 0 && variable ~ /^[A-Za-z_][A-Za-z0-9_]*$/ && variable !~ /^(SHELLOPTS|BASHOPTS|LC_ALL)$/)
				print variable
		}
	}' runner/base/environment.def)
