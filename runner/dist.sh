#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# dist.sh - `make dist`: writes build/readmostly-VERSION.tar.gz, the sources of HEAD. Its bytes depend on the commit only.
# An empty repository reads the objects of this one. Settings, attributes and replacements of the clone and of the user
# are therefore ignored. Status: 0; 2 not a clone, or a changed one.
. runner/base/environment.sh
set -e -o pipefail
need_clone 'make dist'
changed=$(git status --porcelain)
[ -z "$changed" ] || {
	echo "make dist: ${changed%%$'\n'*}: expected a tree without changes: commit them" >&2; exit 2; }
commit=$(git rev-parse HEAD) objects=$(realpath "$(git rev-parse --git-path objects)")
name=readmostly-$(sed -n 's/^.define RM_VERSION "\(.*\)"/\1/p' runner/base/build_info.h)
empty=$(mktemp -d)
trap 'rm -rf "$empty"' EXIT
mkdir -p build
git init -q --bare --template= "$empty/git"
export GIT_DIR=$empty/git GIT_OBJECT_DIRECTORY=$objects GIT_ATTR_NOSYSTEM=1
git -c core.attributesFile=/dev/null -c tar.umask=0022 archive --prefix="$name/" "$commit" | gzip -9n >"$empty/archive"
mv "$empty/archive" "build/$name.tar.gz"
sha256sum "build/$name.tar.gz"
