#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compiler flags for a map of another project (IMPL_FLAGS) may contain paths into its repository. In
# each arm, these paths must be changed to the arm's tree, because base would otherwise be built
# with the headers of head.
. tests/tools/tap.sh
gate="the test"
. runner/regress_refs.sh
arm_flags() { # REPO FLAGS: prints the flags of an arm
	repo=$1 IMPL_FLAGS=$2 flags_of /arm/tree
}
are_equal() { # EXPECTED GOT
	[ "$1" = "$2" ] || { echo "# expected $1, got $2"; return 1; }
}
check "the path of a folder of headers is changed" \
	are_equal '-I/arm/tree/include -O2' "$(arm_flags /their/repo '-I/their/repo/include -O2')"
check "the path of the repository itself is changed" \
	are_equal '-I/arm/tree -I/arm/tree' "$(arm_flags /their/repo '-I/their/repo -I/their/repo')"
check "a folder whose name only starts like the repository's stays" \
	are_equal '-I/their/repository' "$(arm_flags /their/repo '-I/their/repository')"
check "a path is not a regular expression" are_equal '-I/arm/tree/i -I/a-b|[c/i' "$(arm_flags '/a.b|[c' '-I/a.b|[c/i -I/a-b|[c/i')"
check "empty flags stay empty" are_equal '' "$(arm_flags /their/repo '')"
check "flags with other paths stay" are_equal '-O1 -DX=&' "$(arm_flags /their/repo '-O1 -DX=&')"

# Other paths of the same folder, in a real repository.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
dir=$(realpath "$dir")
mkdir -p "$dir/their/repo/include" "$dir/readmostly/own" "$dir/other"
touch "$dir/their/repo/set.h"
ln -s their/repo "$dir/link"
ln -s ../their/repo/include "$dir/other/headers"
ln -s ../their/repo "$dir/readmostly/proj"
check_relative() { # EXPECTED FLAGS: translates the flags in the folder of Readmostly
	are_equal "$1" "$(cd "$dir/readmostly" && arm_flags "$dir/their/repo" "$2")"
}
check "a relative path is changed" \
	check_relative '-O1 -I/arm/tree/include' '-O1 -I../their/repo/include'
check "a relative path to the repository itself is changed" \
	check_relative '-I/arm/tree' '-I../their/repo'
check "a path through a link to the repository is changed" \
	check_relative '-I/arm/tree/include' "-I$dir/link/include"
check "a path through a link to a folder of the repository is changed" \
	check_relative '-isystem/arm/tree/include' "-isystem$dir/other/headers"
check "a path through a relative link is changed" \
	check_relative '-iquote/arm/tree/include' '-iquoteproj/include'
check "a path that is a separate word is changed" \
	check_relative '-I /arm/tree/include -include /arm/tree/set.h -O1' \
	'-I ../their/repo/include -include proj/set.h -O1'
check "a path in quotes is changed" \
	check_relative "-I'/arm/tree/include' \"-I/arm/tree\"" "-I'../their/repo/include' \"-I$dir/their/repo\""
check "a path after an equals sign or @ is changed" \
	check_relative '-DSET=/arm/tree/set.h @/arm/tree/set.h' '-DSET=../their/repo/set.h @proj/set.h'
check "a path that exists only in a commit is changed" \
	check_relative '-I/arm/tree/gone' '-I../their/repo/gone'
check "paths of other folders stay" \
	check_relative "-Iown -I../other -I$dir/other -L/lib -O2 -DX=1" \
	"-Iown -I../other -I$dir/other -L/lib -O2 -DX=1"
check "a word that is not a path stays" are_equal '-O1 -DX=own/y -I/arm/tree/own' \
	"$(cd "$dir/readmostly" && arm_flags "$dir/readmostly" '-O1 -DX=own/y -Iown')"
mkdir "$dir/their/repo/vendored" && mv "$dir/readmostly" "$dir/their/repo/vendored/"
check_nested() { # EXPECTED FLAGS: Readmostly is inside the user's repository
	are_equal "$1" "$(cd "$dir/their/repo/vendored/readmostly" && arm_flags "$dir/their/repo" "$2")"
}
check "paths inside of Readmostly stay" check_nested '-Iown -O1 -DX=a/b' '-Iown -O1 -DX=a/b'
check "paths to the repository around Readmostly are changed" \
	check_nested '-I/arm/tree/include' '-I../../include'
done_testing
