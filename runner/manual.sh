#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# manual.sh READMOSTLY OUT - writes man pages and a bash completion of all commands to OUT, from
# the option tables that each command prints with --help.
. runner/base/environment.sh
set -eu
program=$1 out=$2
command -v help2man >/dev/null || { echo "man: help2man is missing. Try: apt-get install help2man" >&2; exit 3; }
mkdir -p "$out"
version=$("$program" --version | sed -n '1s/^readmostly \([^ ]*\).*/\1/p')

names() { # HELP ARGUMENTS...: prints the commands that a usage text lists
	"$program" "$@" | sed -n 's/^  \([a-z][a-z-]*\)  *[^ ].*/\1/p'
}
options() { # COMMAND...: prints its long options, with `=` if they take a value
	"$program" "$@" --help 2>&1 | grep -oE '^ +(-[A-Za-z0-9], )?--[a-z][a-z-]*=?' | { grep -oE -- '--.*'; echo --help; } | sort -u
}
page() { # NAME SUMMARY ARGUMENTS...
	help2man --no-info --no-discard-stderr --version-string="$version" --name="$2" --output="$out/$1.1" "$program${3:+ ${*:3}}"
	# Give the page the name of its file.
	sed -i "/^\.TH/s/READMOSTLY[^\"]*\"/${1^^} \"/; /^\.SH NAME/{n;s/^.* \\\\- /$1 \\\\- /}" "$out/$1.1"
}
case_of() { # PATTERN COMMAND...
	echo "	$1) words='$(options "${@:2}" | tr '\n' ' ')' ;;"
}

page readmostly "measure concurrent maps under read-mostly loads"
{
	echo "# bash completion of readmostly $version. Source it, or copy it to ~/.local/share/bash-completion/completions/readmostly"
	echo "_readmostly() {"
	echo "	local words= current=\${COMP_WORDS[COMP_CWORD]}"
	echo "	case \"\${COMP_WORDS[*]:1:COMP_CWORD-1}\" in"
	echo "	'') words='$(names --help | tr '\n' ' ')dev --help --version' ;;"
	echo "	dev) words='$(names dev | tr '\n' ' ')' ;;"
	for name in $(names dev); do
		page "readmostly-dev-$name" "$("$program" dev | sed -n "s/^  $name  *//p")" dev "$name"
		case_of "'dev $name'*" dev "$name"
	done
	for name in $(names --help); do
		page "readmostly-$name" "$("$program" --help | sed -n "s/^  $name  *//p")" "$name"
		case_of "$name*" "$name"
	done
	echo "	esac"
	echo "	COMPREPLY=(\$(compgen -W \"\$words\" -- \"\$current\"))"
	echo "	[[ \${COMPREPLY[0]-} != *= ]] || compopt -o nospace"
	echo "}"
	echo "complete -o default -F _readmostly readmostly"
} >"$out/readmostly.bash"
echo "man: $(ls "$out"/*.1 | wc -l) pages and readmostly.bash in $out; read one with: man -l $out/readmostly.1"
