#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The archive of `make dist` depends only on the commit. The test uses a small repository.
. tests/tools/tap.sh
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/outer/first" "$dir/a b" && cp --parents runner/dist.sh runner/base/{environment.{sh,def},build_info.h} \
	.gitattributes .gitignore .archive-commit README.md "$dir/outer/first"
dist() { # FOLDER [VARIABLE=VALUE...]: sets $status and $sum
	local folder=$1; shift
	(cd "$folder" && rm -rf build && env "$@" runner/dist.sh) >"$dir/out" 2>"$dir/err"
	status=$? sum=$(cut -d' ' -f1 "$dir/out")
}
same() { dist "$@"; [ "$status $sum" = "0 $first" ] || { sed 's/^/# /' "$dir/err"; return 1; }; }
refused() { # TEXT FOLDER
	dist "$2"
	[ "$status" = 2 ] && contains "$dir/err" "$1" && [ -z "$(ls "$2"/build 2>/dev/null)" ]
}
git -C "$dir/outer" init -q && git -C "$dir/outer" -c user.name=a -c user.email=a@b commit -q --allow-empty -m outer
check "a folder without its own repository is refused, although a repository surrounds it" \
	refused "not a git repository" "$dir/outer/first"
git -C "$dir/outer/first" init -q && git -C "$dir/outer/first" add . &&
	git -C "$dir/outer/first" -c user.name=a -c user.email=a@b commit -q -m sources
dist "$dir/outer/first"
first=$sum
check "an archive is written" [ "$status ${#first}" = "0 64" ]
listed() { tar -tf "$dir"/outer/first/build/readmostly-*.tar.gz | sed 's|^[^/]*/||' | grep -v '/$\|^$' | sort |
	diff - <(git -C "$dir/outer/first" ls-files | sort); }
check "the archive has every file of the commit" listed
(umask 077 && git clone -q --no-local --depth 1 "file://$dir/outer/first" "$dir/a b/second")
in_second() { (umask 077 && same "$dir/a b/second" "$@"); }
check "another clone, folder, umask and time zone give the same bytes" \
	in_second TZ=Asia/Tokyo GZIP=-1
mkdir -p "$dir/home/.config/git"
echo '* export-ignore' | tee "$dir/home/.config/git/attributes" >"$dir/a b/second/.git/info/attributes"
git config -f "$dir/home/.gitconfig" tar.umask 0077
git config -f "$dir/home/.gitconfig" core.autocrlf true
check "settings and attributes of the user and of the clone are ignored" \
	in_second HOME="$dir/home" XDG_CONFIG_HOME=
if [ "$(id -u)" = 0 ]; then
	chown -R nobody "$dir/a b/second"
	check "if another user owns the clone, the bytes are the same" same "$dir/a b/second"
else
	skip "if another user owns the clone, the bytes are the same" "not root"
fi
echo more >>"$dir/outer/first/README.md"
check "a changed tree is refused" refused " M README.md: expected a tree without changes" "$dir/outer/first"
done_testing
