#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `make check-histories` on maps whose checks are played: one that is accused and
# one whose check dies fail it, and the page names both.
. tests/tools/tap.sh
tool=$PWD/tests/tools/check_histories.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/readmostly" <<'END'
#!/bin/bash
case $1 in
list) python3 -c 'import json, sys
print(json.dumps({"maps": [{"id": i, "shapes": ["u64x8"], "misuse": False, "program": ""}
                           for i in sys.argv[1:]]}))' $MAPS ;;
check)
	case $2 in
	killed) kill -9 $$ ;;
	half) echo "ok   half u64x8 histories: 64 histories, 3 with overlaps, 0 undecided; stamps: tsc"; exit 2 ;;
	silent) exit 0 ;;
	lies) echo "FAIL lies u64x8 histories: no order"; exit 1 ;;
	*) echo "ok   $2 u64x8 histories: 9984 histories, 30 with overlaps, 0 undecided; stamps: tsc" ;;
	esac ;;
esac
END
chmod +x "$dir/readmostly"
page=$dir/docs/tally/histories.md
tally() { # MAP...: sets status
	(cd "$dir" && MAPS="$*" "$tool" "$dir/readmostly") >"$dir/out" 2>&1
	status=$?
	sed 's/^/# /' "$dir/out"
}
tally right other
check "right maps are no failure" [ $status = 0 ]
check "the page says so" says "$page" "no map accused."
for map in killed half silent; do
	tally right $map
	check "$map: a check that does not come to its end is one" [ $status = 1 ]
	check "$map: the page names its map" grep -q "^Not judged: .$map., whose check ended with status [0-9]*" "$page"
	check "$map: which nobody accuses" says "$page" "no map accused."
done
tally right lies
check "a map that is accused is one" [ $status = 1 ]
check "and the page names it" eval 'says "$page" "some maps ACCUSED." && says "$page" "| \`lies\` | 0 | 0 | 0 | 1 |"'
done_testing
