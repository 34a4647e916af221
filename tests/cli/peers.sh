#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Maps of other libraries (peers) are built if the library is installed, and otherwise listed as not
# built. Each has a fact sheet. `make test` passes with and without the libraries.
# slow: builds and checks all peers.
. tests/tools/tap.sh
# shellcheck disable=SC2046
needs plain/null_map $(ls impls/lib/*.c impls/lib/*.cc | sed 's|.*/\(.*\)\..*|check/\1|') \
	$(awk -F '\t' '!/^#/ { print "plain/" $1 }' impls/*/maps.tsv)
build=${BUILD:-build/gcc}
readmostly=$build/readmostly
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL

rows() { # prints id<TAB>needs of the maps in other languages except Go
	awk -F '\t' '!/^#/ && $10 != "go" { print $1 "\t" $10 }' impls/*/maps.tsv
}
peers=$(ls impls/lib/*.c impls/lib/*.cc | sed 's|.*/||; s|\..*||'
	rows | cut -f 1 | grep -v '_null$')
# Go's map and sync.Map and this project's readmap have fact sheets, too. The designs of the
# articles in Go are not libraries.
sheets="$peers
readmap
$(awk -F '\t' '$1 ~ /^go_(map_mutex|map_rw|sync_map)$/ { print $1 }' impls/go/maps.tsv)"
names=$(sed -n 's/^peers [^ ]* \(wanted\|unpacked\) //p' .ci/packages)
list_needing() { # NAME...: prints ids of the peers that need one of these libraries
	for name in "$@"; do
		for file in impls/lib/*.c impls/lib/*.cc; do
			needs=$(sed -n 's/^.*needs: *\([a-z].*[^ */]\).*$/\1/p' "$file")
			case " $needs " in *" $name "*) basename "${file%.*}" ;; esac
		done
		rows | awk -F '\t' -v name="$name" \
			'index(" " $2 " ", " " name " ") { print $1 }'
	done | sort -u
}

# ---- fact sheets ----
fields='library package licence api hash lookup-writes reclamation semantics
	progress configuration documented growth iteration length stalled-reader
	pathologies sanity reviewed'
sheet_is_complete() { # ID: its fact sheet has each field once, in this order, with a text
	[ "$(sed -n 's/^\([a-z-]*\): .*[^ ]$/\1/p' "impls/facts/$1.txt" | xargs)" = \
		"$(echo $fields)" ] && ! grep -qvE '^[a-z-]+: .' "impls/facts/$1.txt"
}
sheets_are_complete() {
	for id in $sheets; do
		sheet_is_complete "$id" || { echo "# $id: a field is missing, or one too many"; return 1; }
	done
}
check "there are peers" [ "$(echo "$peers" | wc -l)" -ge 10 ]
check "each peer has a complete fact sheet" sheets_are_complete
check "each fact sheet has a peer" [ "$(ls impls/facts/*.txt | sed 's|.*/||; s/\.txt$//')" = \
	"$(echo "$sheets" | sort)" ]
versions() { # prints versions of the peers in this program
	for id in $peers; do
		"$readmostly" dev list --ids | grep -qx "$id" || continue
		"$readmostly" dev list --facts "$id" | sed -n 1p | grep -qE \
			'^version: [^ ]+ (.*[0-9].*, reported by (the library itself|pkg-config, .*)|unknown, reported by neither .*)$' ||
			{ echo "# $id: its version is not told, or by whom"; return 1; }
	done
}
check "list --facts prints the version and its source" versions
unknown() { # prints peers whose version is unknown
	for id in $peers; do
		"$readmostly" dev list --facts "$id" | sed -n 's/^version: \([^ ]*\) unknown, .*/\1/p'
	done | sort -u
}
# These libraries have no macro, function or .pc file for their version.
check "the version is unknown only for libcuckoo and critnib" sh -c \
	"! echo '$(unknown)' | grep -vxE 'libcuckoo|critnib|'"
sheets_agree() { # each sheet begins with the progress guarantee of the map's description
	"$readmostly" dev list --json | python3 -c '
import json, sys
wrong = 0
for row in json.load(sys.stdin)["maps"]:
    try:
        sheet = open("impls/facts/%s.txt" % row["id"]).read()
    except OSError:
        continue
    fields = dict(line.split(": ", 1) for line in sheet.splitlines())
    offered = "length" in row["operations"] or "program" in row
    for field, right in (
            ("progress", fields["progress"].startswith(row["progress"] + ":")),
            ("length", offered != fields["length"].startswith("not offered")),
            ("length", row["guarantees"] != "point-in-time"
             or "one moment" in fields["length"])):
        if not right:
            print("# %s: %s: %s" % (row["id"], field, fields[field]))
            wrong = 1
sys.exit(wrong)'
}
check "fact sheets agree with the descriptions of maps" sheets_agree
"$readmostly" dev list --facts ck_ht >"$out"
check "list --facts prints the fact sheet after the description" \
	sh -c "sed 1d '$out' | cmp -s - impls/facts/ck_ht.txt"
"$readmostly" dev list --facts no_such >"$out" 2>&1
check "an unknown id is status 2" [ $? = 2 ]
check "the error lists the valid ids" contains "$out" "expected one of absl_rw"

# ---- in a campaign ----
here=$("$readmostly" dev list --ids | grep -xF "$peers" | xargs)
cat >"$dir/peers.conf" <<END
# Peers, in short windows. Why: each shape that they offer runs and is verified.
writes     = 10%
write-kind = churn
keys       = 500
shape      = u64x8 str16x24
threads    = 2
warm-up    = 1ms
window     = 2ms
deadline   = 20s
blocks     = 1
verify     = 1kops
maps       = null_map
measure    = throughput
END
"$readmostly" run "$dir/peers.conf" -o "$dir/campaign" --counters none \
	--set repeat-most=0 --set "maps=$here" >"$out" 2>&1
# Other load may make a trial void, but its answers stay correct.
verified() { # true if each map has a trial, and all trials pass
	python3 - "$dir/campaign/trials.jsonl" $here <<-'END'
		import json, sys
		good = set()
		for line in open(sys.argv[1]):
		    trial = json.loads(line)
		    if trial["status"] == "skipped":
		        continue
		    result = trial["result"] or {"verification": {"status": "none"}}
		    if result["verification"]["status"] != "ok":
		        sys.exit("# %s: %s" % (trial["cell"], trial["reason"]))
		    good.add(trial["cell"].split("/")[1])
		# maps that do not support concurrent removal are skipped
		missing = set(sys.argv[2:]) - good - {"tbb_unordered"}
		sys.exit("# not run: %s" % missing if missing or not good else 0)
	END
}
check "a campaign runs all peers of this build, and verifies each" verified

# ---- all checks with few operations; `make test-peers` runs more ----
run_short_checks() { # checks one shape of each map
	MAPS=$here ONE=1 SHAPES='u64x8 str16x24' \
		tests/tools/check_maps.sh "$readmostly" "${RM_CHECK_OPS:-1000}" >"$out" 2>&1 ||
		{ sed 's/^/# /' "$out"; return 1; }
}
"$readmostly" dev list >"$dir/list"
[ -z "$here" ] || check "all checks of $(echo "$here" | wc -w) peers, with few operations" run_short_checks
for id in $peers; do
	echo " $here " | grep -q " $id " ||
		skip "all checks of $id" "$(sed -n "s/^$id  *not built: //p" "$dir/list" | grep . || echo 'a program of its own')"
done

# ---- without the libraries ----
without() { # NAMES
	make -s HIDE="$1" BUILD="$build" OUT="$dir" programs >"$out" 2>&1 || { sed 's/^/# /' "$out"; return 1; }
	"$dir/readmostly" dev list >"$out"
}
are_listed() { # ID...: the maps are listed as not built, with a package
	for id in "$@"; do
		grep -qE "^$id +not built: needs .*\(packages: .*[a-z]" "$out" ||
			{ echo "# $id"; return 1; }
	done
}
lacking() { # FILE: ids in the list that are not built because of a library
	sed -n 's/^\([^ ]*\) *not built: needs.*/\1/p' "$1" | sort
}
"$readmostly" dev list >"$dir/here"
check "a program without the peer packages builds" without peers
check "maps that need them are listed with their packages" are_listed $(list_needing $names)
check "only these maps and those missing here are listed as not built" [ "$(lacking "$out")" = \
	"$({ lacking "$dir/here"; list_needing $names; } | sort -u)" ]
check "a program without one library builds" without tbb
check "the maps of this library are listed" are_listed tbb_hash tbb_unordered
check "without this library no other map is added to the list" [ "$(lacking "$out")" = \
	"$({ lacking "$dir/here"; list_needing tbb; } | sort -u)" ]
check "if the C++ compiler is missing, .ci/pc omits its library" sh -c \
	".ci/pc gcc no-such-compiler >'$out' && ! ls \"\$(cat '$out')\" | grep -q 'c++'"

# ---- a map from outside of the tree ----
theirs() { # the C++ example of docs/guide/your-map.md
	tests/tools/with_impl.sh "$dir/build" 'plain check' examples/peer/their_map.cc >"$out" 2>&1 &&
		"$dir/build/readmostly" check their_map --quiet --ops 20000 >"$out" 2>&1 ||
		{ sed 's/^/# /' "$out"; return 1; }
}
no_dispatch() { # TAP of the tool is not TAP of this test
	PKG_CONFIG_PATH=$(.ci/pc gcc g++) tests/tools/check_dispatch.py --build "$build" \
		"$build/examples/peer/their_map.o" >"$out" 2>&1 ||
		{ sed 's/^/# /' "$out"; return 1; }
}
if "$readmostly" dev list --ids | grep -qx std_mutex; then
	check "the C++ example of docs/guide/your-map.md builds and passes check" theirs
	check "the loops of the example have no dispatch" no_dispatch
fi

done_testing
