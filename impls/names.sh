#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# names.sh FILE HIDDEN [SOURCE...] - writes FILE, sealed (runner/seal.sh), with a row for each map of the tree
# and each SOURCE: id, source, state, needs, remedy, separated by tabs. Prints
# `ID|SOURCE|STATE|NEEDS` for each, NEEDS separated by colons. It reads sources only: their
# `needs:` lines (a .cc file also needs c++), .misuse and .value_most members, and impls/*/maps.tsv.
# A Go map has an id for each compiler (impls/languages.mk); `other` only if $GO is set.
# The remedy of a missing map is its packages and a make target.
#
# STATE is a comma-separated list: built or missing (a library is absent, or in HIDDEN),
# misuse, language, sized. pkg-config must find the libraries of .ci/pc.
out=$1 hidden=" $2 "; shift 2
export LC_ALL=C

rows() { # ID SOURCE WORDS NEEDS, by tab
	awk '
	FNR == 1 { row(); source = FILENAME; needs = words = "" }
	needs == "" && match($0, /needs: *[a-z]/) {
		needs = substr($0, RSTART)
		sub(/needs: */, "", needs); sub(/ *(\*\/)? *$/, "", needs)
	}
	/\.misuse *=/ && words !~ /misuse/ { words = words ",misuse" }
	/\.value_most *=/ && words !~ /sized/ { words = words ",sized" }
	END { row() }
	function row() {
		if (source == "") return
		if (source ~ /\.cc$/ && needs !~ /c\+\+/) needs = "c++ " needs
		id = source; sub(/.*\//, "", id); sub(/\.cc?$/, "", id)
		print id "\t" source "\t" words "\t" needs
	}' impls/*/*.c impls/*/*.cc "$@"
	awk -F '\t' -v arms="classic${GO:+ other}" '
	!/^#/ { row($1, $10) }
	!/^#/ && $10 == "go" {
		for (i = split(arms, arm, " "); i; i--) row("go_" arm[i] substr($1, 3), "go-" arm[i])
	}
	function row(id, needs) { print id "\t" FILENAME "\t,language\t" needs }' impls/*/maps.tsv
}
declare -A known=()
has() { # LIBRARY
	[ -n "${known[$1]}" ] || { known[$1]=no
		[[ $hidden == *" $1 "* ]] || ! pkg-config --exists "$1" 2>/dev/null || known[$1]=yes; }
	[ "${known[$1]}" = yes ]
}
remedy() { # ID LIBRARY...: prints their packages, and the make target that installs them
	local id=$1 newest; shift
	newest=$([ "$1" != go-classic ] || ! has go || pkg-config --modversion go)
	case $newest in
	1.19* | 1.2[0-3]*) echo "the newest installed Go is $newest: go_${id#go_classic_} has the classic map" ;;
	*) awk -v names="$*" '
		BEGIN { split(names, list, " "); for (i in list) wanted[list[i]] }
		!/^#/ { for (i = 4; i <= NF; i++) if ($i in wanted) { found = found " " $2; group = $1; break } }
		END { print found == "" ? "no package is known" : "packages:" found "; make deps" \
			(group == "build" ? "" : "-" group) }' .ci/packages ;;
	esac
}
mkdir -p "$(dirname "$out")" || exit
while IFS='|' read -r id source words needs; do
	state=built
	for library in $needs; do has "$library" || state=missing; done
	echo "$id|$source|$state$words|${needs// /:}"
	printf '%s\t%s\t%s\t%s\t%s\n' "$id" "$source" "$state$words" "$needs" \
		"$([ $state = built ] || remedy "$id" $needs)" >&3
done < <(rows "$@" | sort -t $'\t' -k1,1 | tr '\t' '|') 3>"$out.$$"
{ echo '# {"format":"readmostly-maps"}'; cat "$out.$$"; } | runner/seal.sh >"$out.$$.new" && rm "$out.$$"
cmp -s "$out.$$.new" "$out" && rm "$out.$$.new" || mv "$out.$$.new" "$out"
