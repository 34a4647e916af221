#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/tools/floor.sh, by which compilers.sh holds the driver's floor: a driver
# that costs more has status 1, and so has one of which nothing was counted.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
printf '%s\n' '#!/bin/sh' 'echo "compiler: $COMPILER"' >"$dir/readmostly"
# What each operation of a shape costs is in a file of its name, which counts
# all that valgrind is asked for here.
cat >"$dir/valgrind" <<'END'
#!/bin/sh
for word in "$@"; do
	case $word in --callgrind-out-file=*) out=${word#*=} ;; esac
done
request=$(cat)
shape=$(echo "$request" | sed -n 's/.*"shape": "\([^"]*\)".*/\1/p')
ops=$(echo "$request" | sed -n 's/.*"window_ops": \([0-9]*\),.*/\1/p')
awk -v ops="$ops" '{ print "summary: " int(ops * $1 + 0.5) }' "$COSTS/$shape" >"$out"
END
chmod +x "$dir/readmostly" "$dir/valgrind"
COMPILER=$(sed -n '1s/	.*//p' tests/golden/floor.tsv)
recorded() { # each shape costs what was recorded
	awk -F '\t' -v compiler="$COMPILER" -v dir="$dir" \
		'$1 == compiler { print $3 >(dir "/" $2) }' tests/golden/floor.tsv
}
floor() { # STATUS
	PATH=$dir:$PATH COMPILER=$COMPILER COSTS=$dir \
		tests/tools/floor.sh "$dir/readmostly" check >"$dir/out" 2>&1
	[ $? = "$1" ] || { sed 's/^/# /' "$dir/out"; return 1; }
}

recorded
check "a driver that costs what was recorded is status 0" floor 0
check "of each shape" [ "$(grep -c '^ok .* as recorded' "$dir/out")" = 4 ]
echo 25.5 >"$dir/u64x24"
check "one that costs less or more is status 1" floor 1
check "with both figures" says "$dir/out" "u64x24: 25.50 instructions, recorded "
recorded
COMPILER="gcc 99.9"
check "of another compiler nothing is recorded" floor 0
check "which is said" [ "$(grep -c '# SKIP gcc 99.9 has no line' "$dir/out")" = 4 ]
echo 1000 >"$dir/str16x8"
check "but the limits hold" floor 1
check "and are told" says "$dir/out" "not ok 5 - str16x8: 1000.00 instructions, limit 26"
printf '%s\n' '#!/bin/sh' 'exit 1' >"$dir/valgrind"
check "where nothing was counted no limit is kept" floor 1
done_testing
