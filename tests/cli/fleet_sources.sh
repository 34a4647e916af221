#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests how `make campaign` sends sources by ssh. The remote make builds the local state after a
# file was renamed, deleted or edited. Files of other owners stay, and results are fetched. A fake
# ssh runs the commands on this machine, in a separate folder.
. tests/tools/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
if ! command -v rsync >/dev/null; then
	skip "sending of sources" "no rsync"
	done_testing
	exit
fi
# If the file `cut` exists, the connection breaks while a list is sent.
cat >"$dir/ssh" <<END
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift 2; done
shift
cd '$dir' || exit
[ ! -e cut ] || case \$* in
*.sources*) head -c 20 | sh -c "\$*"; exit 255 ;;
*) exit 255 ;;
esac
exec sh -c "\$*"
END
chmod +x "$dir/ssh"
declare -A site=([ssh]=$dir/ssh)
refuse() { echo "$*" >&2; exit 2; }
. runner/fleet/ssh.sh
MACHINES=$dir/machines MODE=smoke RUN=() OUT=$dir/results/x there="$dir/two words"
echo 'm1 host' >"$MACHINES"
mkdir -p "$OUT/state" "$dir/here/runner/fleet"
echo 1 >"$OUT/state/number"
ssh_read_machines
place[m1]=${there##*/}

# Builds a program from all files in the folder, as this project's Makefile does.
in_here() { (cd "$dir/here" && "$@"); }
cat >"$dir/here/Makefile" <<'END'
SOURCES := $(wildcard *.c)
build/all: $(SOURCES:%.c=build/%.o)
	cc -o $@ $^
build/%.o: %.c
	mkdir -p build
	cc -c -o $@ $<
END
cat >"$dir/here/runner/fleet/start.sh" <<'END'
#!/bin/sh
mkdir -p "$1/$2"
for file in "state/$2.log" "state/$2.starts" "state/$2.doctor" "state/$2.status" "state/other.log" "$2/trials.jsonl"; do
	echo "$file" >"$1/$file"
done
END
chmod +x "$dir/here/runner/fleet/start.sh"
echo 'int lock(void) { return 3; }' >"$dir/here/locks.c"
echo 'int lock(void); int main(void) { return lock(); }' >"$dir/here/main.c"
echo 'int old_map;' >"$dir/here/old_map.c"
echo 'build' >"$dir/here/.gitignore"
in_here git init -q
in_here git add -A
in_here git -c user.name=n -c user.email=n@n commit -qm first
begin() { # sends the sources; prints the kind of start
	in_here ssh_begin m1 2>"$dir/err"
	sed 's/^/# /' "$dir/err" >&2
	flock -w 60 "$there/results/x/state/m1.lock" true
}
remote_make_gives() { # STATUS: compares the exit status of the program that the remote make builds
	make -s -C "$there" >"$dir/made" 2>&1 || { sed 's/^/# /' "$dir/made"; return 1; }
	# Edits must be newer than the program, even on a file system with coarse time stamps.
	until touch "$dir/probe" && [ "$dir/probe" -nt "$there/build/all" ]; do :; done
	"$there/build/all"
	[ $? = "$1" ]
}
check "a start begins" [ "$(begin)" = session ]
check "remote make builds the local sources" remote_make_gives 3

in_here ssh_fetch m1
check "the files of a start are fetched, only for this machine" [ "$(cd "$OUT" && find m1 state -name '*.*' | sort | paste -sd' ')" = \
	"m1/trials.jsonl state/m1.doctor state/m1.log state/m1.starts state/m1.status" ]

echo theirs >"$there/theirs.txt"
in_here git mv locks.c lock_step.c
in_here rm old_map.c
check "a start begins after a rename and a deletion" [ "$(begin)" = session ]
check "the remote copy does not keep the old name of a renamed file" remote_make_gives 3
check "a file deleted but not committed is removed" [ ! -e "$there/old_map.c" ]
check "files of other owners stay" eval '[ -e "$there/theirs.txt" ] && [ -d "$there/results/x/state" ]'

# The object on the remote side is newer than the edited file.
echo 'int lock(void) { return 4; }' >"$dir/here/lock_step.c"
touch -d 2020-01-01 "$dir/here/lock_step.c"
check "a start begins after an edit" [ "$(begin)" = session ]
check "an edited file is compiled even if it is older than its object" remote_make_gives 4
touch "$dir/here/main.c"
check "a start begins without an edit" [ "$(begin)" = session ]
check "unchanged files are not compiled again" make -s -q -C "$there"

mv "$dir/here/.git" "$dir/git"
check "without git a start uses the remote files" [ "$(begin)" = session ]
check "without git all remote files are used" [ -e "$there/main.c" ]
mv "$dir/git" "$dir/here/.git"

: >"$dir/cut"
check "a broken connection starts nothing" [ "$(begin)" = '' ]
rm "$dir/cut"
check "a broken connection removes nothing" [ -e "$there/main.c" ]
check "the next start succeeds" [ "$(begin)" = session ]
done_testing
