#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sources that `make campaign` sends by ssh: make there builds what is here, also
# after something was renamed, deleted or edited, and nothing of others goes; and
# what comes back. ssh is played: what it would run there runs here, in a folder of
# its own.
. tests/tools/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
if ! command -v rsync >/dev/null; then
	skip "sources that are sent" "no rsync"
	done_testing
	exit
fi
# cut: the connection ends within a list that is piped into it.
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

# A program of all that is found, as in this project's Makefile.
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
begin() { # sends, and says how
	in_here ssh_begin m1 2>"$dir/err"
	sed 's/^/# /' "$dir/err" >&2
	flock -w 60 "$there/results/x/state/m1.lock" true
}
made() { # STATUS of the program that make builds there
	make -s -C "$there" >"$dir/made" 2>&1 || { sed 's/^/# /' "$dir/made"; return 1; }
	# what comes next is younger, also where the file system's clock is a coarse one
	until touch "$dir/probe" && [ "$dir/probe" -nt "$there/build/all" ]; do :; done
	"$there/build/all"
	[ $? = "$1" ]
}
check "a start is begun" [ "$(begin)" = session ]
check "and make there builds what is here" made 3

in_here ssh_fetch m1
check "what a start leaves is fetched, and of this machine alone" [ "$(cd "$OUT" && find m1 state -name '*.*' | sort | paste -sd' ')" = \
	"m1/trials.jsonl state/m1.doctor state/m1.log state/m1.starts state/m1.status" ]

echo theirs >"$there/theirs.txt"
in_here git mv locks.c lock_step.c
in_here rm old_map.c
check "a start after a rename and a deletion" [ "$(begin)" = session ]
check "what was renamed here is not there twice" made 3
check "what was deleted here, in no commit yet, is not there" [ ! -e "$there/old_map.c" ]
check "what others put there stays" eval '[ -e "$there/theirs.txt" ] && [ -d "$there/results/x/state" ]'

# An object there is younger than what was edited here before it was built.
echo 'int lock(void) { return 4; }' >"$dir/here/lock_step.c"
touch -d 2020-01-01 "$dir/here/lock_step.c"
check "a start after an edit" [ "$(begin)" = session ]
check "what was edited here is compiled there, whatever its time here" made 4
touch "$dir/here/main.c"
check "a start without an edit" [ "$(begin)" = session ]
check "what is the same is not compiled again" make -s -q -C "$there"

mv "$dir/here/.git" "$dir/git"
check "where git knows nothing a start is of what is there" [ "$(begin)" = session ]
check "all of it" [ -e "$there/main.c" ]
mv "$dir/git" "$dir/here/.git"

: >"$dir/cut"
check "a connection that is cut begins nothing" [ "$(begin)" = '' ]
rm "$dir/cut"
check "and removes nothing" [ -e "$there/main.c" ]
check "the next one goes on" [ "$(begin)" = session ]
done_testing
