#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# artifact.sh OUT CAMPAIGN... - `make artifact`: collects sources, campaigns and the build environment in a folder.
# `python3 -m report artifact pack` then writes pages and descriptions and packs one file (docs/reference/artifact.md).
# Sources and the report are those of HEAD. DIRTY=1 packs the work tree as it is and records that. SOURCE_DATE_EPOCH is
# the date of every file; default: the date of the commit. Status: 0; 1 a campaign is not complete; 2 usage or input.
. runner/base/environment.sh
build=${BUILD:-build/gcc} lists=${APT_LISTS:-/var/lib/apt/lists}
say() { echo "artifact: $*" >&2; }
die() { say "$2"; exit "$1"; }

[ $# -ge 2 ] || die 2 "expected CAMPAIGNS='results/a results/b'"
out=$(realpath -m "$1"); shift
need_clone artifact
commit=$(git rev-parse -q --verify HEAD) || die 2 "the repository is empty: an artifact has the sources of a commit"
changed=$(git status --porcelain | head -n 1)
[ -z "$changed" ] || [ -n "$DIRTY" ] ||
	die 2 "${changed:3}: differs from the commit: commit it, or set DIRTY=1 to pack the work tree as it is"
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
find_python || exit 3
mkdir -p "$(dirname "$out")" || exit 2
stage=$(mktemp -d "${TMPDIR:-/tmp}/readmostly-artifact-XXXXXX") || exit 3
trap 'rm -rf "$stage"' EXIT

sources() {
	mkdir "$stage/sources"
	if [ -n "$DIRTY" ]; then
		git ls-files -z -co --exclude-standard |
			tar -c --null --ignore-failed-read -T - 2>/dev/null
	else
		git archive HEAD
	fi | tar -C "$stage/sources" -x
}

# Copies what a campaign's folder may contain (results/README.md), without its report.
campaign() { # FOLDER
	name=$(basename "$(realpath "$1")")
	[ -d "$1" ] || die 2 "CAMPAIGNS=$1: no such folder: expected the folder of a campaign (\`ls results\`)"
	[ ! -e "$stage/campaigns/$name" ] || die 2 "$1: the artifact already has a campaign of that name"
	"$build/readmostly" dev validate "$1" >"$stage/said" 2>&1 || {
		{ head -n 3; tail -n 1; } <"$stage/said" >&2
		die 1 "$1: not a complete campaign"
	}
	links=$(find "$1/" -type l | head -n 1)
	[ -z "$links" ] || die 2 "$links: a link: expected regular files"
	mkdir "$stage/campaigns/$name" &&
		tar -C "$1" --exclude=./report --exclude='./stage-*/report' --exclude=lock -c . |
		tar -C "$stage/campaigns/$name" -x || die 3 "$1: could not be copied to $stage"
}

packages() { # prints each package that the suite names, with its installed version
	printf 'group\tpackage\twanted\tversion\n'
	grep -v '^#' .ci/packages | while read -r group package wanted _; do
		version=$(dpkg-query -W -f='${db:Status-Abbrev}${Version}' "$package" 2>/dev/null |
			sed -n 's/^ii //p')
		printf '%s\t%s\t%s\t%s\n' "$group" "$package" "$wanted" "${version:--}"
	done
}

compilers() {
	for tool in "${CC:-gcc}" "${CXX:-g++}" ld make; do
		"$tool" --version 2>/dev/null | head -n 1
	done
	for language in go go-classic java rust; do # maps of a missing language are not built
		version=$(.ci/tool $language 2>/dev/null) || continue
		echo "$language ${version##* }"
	done
}

snapshot() { # prints the date of the packages
	dates=$(sed -n 's/^Date: //p' "$lists"/*debian*InRelease "$lists"/*ubuntu*InRelease 2>/dev/null |
		date -u -f - +%FT%TZ 2>/dev/null | sort | tail -n 1)
	newest=$(stat -c %Y /var/lib/dpkg/info/*.list 2>/dev/null | sort -n | tail -n 1)
	newest=${newest:+$(date -u -d "@$newest" +%FT%TZ)}
	printf '{"lists_utc": "%s", "newest_package_utc": "%s", "words": "%s"}\n' "$dates" "$newest" \
		"$([ -n "$dates" ] && echo "the archive as of $dates" || echo "the newest package as of ${newest:-an unknown day}")"
}

# set -e has no effect before ||, so each step returns its status.
fill() {
	sources && cp -R "$stage/sources/"{LICENSE,LICENSES,CITATION.cff,.zenodo.json} "$stage/" &&
		cp "$stage/sources/report/artifact/reviewer.mk" "$stage/Makefile" ||
		die 3 "the sources could not be copied to $stage"
	made_with=$stage/environment
	mkdir "$made_with" && packages >"$made_with/packages.tsv" &&
		compilers >"$made_with/compiler.txt" && snapshot >"$made_with/snapshot.json" &&
		echo "$commit${DIRTY:+${changed:+ with changes}}" >"$made_with/commit.txt" ||
		die 3 "the build environment could not be written to $made_with"
}

mkdir "$stage/campaigns" || exit 3
for folder in "$@"; do
	campaign "$folder" || exit
done
rm -f "$stage/said"
fill
chmod -R u=rwX,go=rX "$stage"
cd "$stage/sources" || exit 3
PYTHONDONTWRITEBYTECODE=1 "$python" -m report artifact pack "$stage" "$out" --epoch "$epoch"
