#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a map of another project is compiled with (IMPL_FLAGS): paths into its
# repository are those of each arm's own tree, or base is built with head's
# headers.
. tests/tools/tap.sh
gate="the test"
. runner/regress_refs.sh
of() { # REPO FLAGS: those of an arm
	repo=$1 IMPL_FLAGS=$2 flags_of /arm/tree
}
same() { # EXPECTED GOT
	[ "$1" = "$2" ] || { echo "# expected $1, got $2"; return 1; }
}
check "a folder of headers is the arm's" same '-I/arm/tree/include -O2' "$(of /their/repo '-I/their/repo/include -O2')"
check "and so is the repository itself" same '-I/arm/tree -I/arm/tree' "$(of /their/repo '-I/their/repo -I/their/repo')"
check "another folder that begins like it is not" same '-I/their/repository' "$(of /their/repo '-I/their/repository')"
check "a path is no expression" same '-I/arm/tree/i -I/a-b|[c/i' "$(of '/a.b|[c' '-I/a.b|[c/i -I/a-b|[c/i')"
check "no flags are none" same '' "$(of /their/repo '')"
check "flags of other places stay" same '-O1 -DX=&' "$(of /their/repo '-O1 -DX=&')"

# Other ways to say the same folder, of a repository that is there.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
dir=$(realpath "$dir")
mkdir -p "$dir/their/repo/include" "$dir/readmostly/own" "$dir/other"
touch "$dir/their/repo/set.h"
ln -s their/repo "$dir/link"
ln -s ../their/repo/include "$dir/other/headers"
ln -s ../their/repo "$dir/readmostly/proj"
here() { # EXPECTED FLAGS: in Readmostly's folder
	same "$1" "$(cd "$dir/readmostly" && of "$dir/their/repo" "$2")"
}
check "a path from here is the arm's" here '-O1 -I/arm/tree/include' '-O1 -I../their/repo/include'
check "and the repository itself" here '-I/arm/tree' '-I../their/repo'
check "and through a link to it" here '-I/arm/tree/include' "-I$dir/link/include"
check "or to a folder of it" here '-isystem/arm/tree/include' "-isystem$dir/other/headers"
check "or from here" here '-iquote/arm/tree/include' '-iquoteproj/include'
check "as a word of its own" here '-I /arm/tree/include -include /arm/tree/set.h -O1' \
	'-I ../their/repo/include -include proj/set.h -O1'
check "in quotes" here "-I'/arm/tree/include' \"-I/arm/tree\"" "-I'../their/repo/include' \"-I$dir/their/repo\""
check "behind a sign" here '-DSET=/arm/tree/set.h @/arm/tree/set.h' '-DSET=../their/repo/set.h @proj/set.h'
check "one that only a commit has" here '-I/arm/tree/gone' '-I../their/repo/gone'
check "folders of others stay" here "-Iown -I../other -I$dir/other -L/lib -O2 -DX=1" \
	"-Iown -I../other -I$dir/other -L/lib -O2 -DX=1"
check "no word that is no path is one" same '-O1 -DX=own/y -I/arm/tree/own' \
	"$(cd "$dir/readmostly" && of "$dir/readmostly" '-O1 -DX=own/y -Iown')"
mkdir "$dir/their/repo/vendored" && mv "$dir/readmostly" "$dir/their/repo/vendored/"
inside() { # EXPECTED FLAGS: where their repository holds Readmostly
	same "$1" "$(cd "$dir/their/repo/vendored/readmostly" && of "$dir/their/repo" "$2")"
}
check "Readmostly within theirs is the same for both" inside '-Iown -O1 -DX=a/b' '-Iown -O1 -DX=a/b'
check "and theirs around it is each arm's" inside '-I/arm/tree/include' '-I../../include'
done_testing
