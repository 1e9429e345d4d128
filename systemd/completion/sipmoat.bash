# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of sipmoat for bash.  Commands and options are those that the tool's own help
# names, so there is nothing here to be forgotten.

_sipmoat_commands() {
	"$1" help 2>/dev/null | sed -nE 's/^  ([a-z]+) +.*/\1/p'
}

_sipmoat_options() {
	"$1" "$2" --help 2>/dev/null | grep -oE -- '(^|[^a-z-])--?[a-zA-Z][a-z-]*' |
		grep -oE -- '--?[a-zA-Z][a-z-]*' | sort -u
}

_sipmoat() {
	local tool=$1 current=$2 before=$3 command=${COMP_WORDS[1]} words=

	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		words="$(_sipmoat_commands "$tool") --help --version"
	elif [[ $current == -* ]]; then
		words=$(_sipmoat_options "$tool" "$command")
	elif [[ $before == -* && $before =~ ^(--config|--socket|--textfile|-s)$ ]]; then
		words=
	elif [ "$command" = help ]; then
		words=$(_sipmoat_commands "$tool")
	elif [ "$command" = mode ]; then
		words="observe enforce config"
	fi
	if [ -n "$words" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		compopt -o filenames 2>/dev/null
	fi
}
complete -F _sipmoat sipmoat
