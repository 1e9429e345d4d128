/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "check", "say everything that is wrong with the config", check_main },
	{ "replay", "judge the packets of capture files", replay_main },
	{ "inspect", "show what the firewall sees in one raw SIP message", inspect_main },
	{ "approve", "let a user have what was refused, or take it back", approve_main },
	{ "approvals", "list what waits for approval, and what was approved", approvals_main },
	{ "ban", "ban an address or a prefix by hand", ban_main },
	{ "unban", "lift a ban", unban_main },
	{ "allow", "trust an address or a prefix, for a while or for good", allow_main },
	{ "disallow", "do so no longer", disallow_main },
	{ "bans", "list who is banned or allowed, by whom, how long and why", bans_main },
	{ "feeds", "list the block lists and allow lists, and what is in force", feeds_main },
	{ "number", "say how a number is read, and what becomes of calls to it", number_main },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(FILE *to)
{
	fputs("Usage: sipmoat COMMAND [ARGUMENT...]\n\nCommands:\n", to);
	for (unsigned i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].help);
	fputs("  help       this text\n\n"
	      "sipmoat COMMAND --help tells more; sipmoat --version prints the version.\n", to);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	if (!name) {
		help(stderr);
		return CTL_USAGE;
	}
	for (unsigned i = 0; i < COMMANDS; i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (strcmp(name, "--version") == 0) {
		puts("sipmoat " SIPMOAT_VERSION);
		return CTL_OK;
	}
	if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		help(stdout);
		return CTL_OK;
	}
	fprintf(stderr, "sipmoat: there is no command \"%s\"; sipmoat help lists them\n", name);
	return CTL_USAGE;
}
