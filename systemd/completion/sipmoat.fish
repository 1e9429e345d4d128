# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of sipmoat for fish.  Commands and options are those that the tool's own help
# names, so there is nothing here to be forgotten.

function __sipmoat_commands
	sipmoat help 2>/dev/null | string replace -rf '^  ([a-z]+) +(.*)' '$1\t$2'
end

function __sipmoat_command
	set -l words (commandline -opc)
	test (count $words) -ge 2; and echo $words[2]
end

function __sipmoat_options
	sipmoat (__sipmoat_command) --help 2>/dev/null |
		string match -ra -- '(?<![a-z-])--?[a-zA-Z][a-z-]*' | sort -u
end

function __sipmoat_is
	test (count (commandline -opc)) -ge 2; and test (__sipmoat_command) = $argv[1]
end

complete -c sipmoat -n 'test (count (commandline -opc)) -lt 2' -f -a '(__sipmoat_commands)'
complete -c sipmoat -n '__sipmoat_is help' -f -a '(__sipmoat_commands)'
complete -c sipmoat -n '__sipmoat_is mode' -f -a 'observe enforce config'
complete -c sipmoat -n 'test (count (commandline -opc)) -ge 2' -a '(__sipmoat_options)'
