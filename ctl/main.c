/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "init", "write a first configuration: asks, and proposes", init_main },
	{ "check", "say everything that is wrong with the config", check_main },
	{ "doctor", "look at the place it stands in, and say what to do", doctor_main },
	{ "replay", "judge the packets of capture files", replay_main },
	{ "inspect", "show what the firewall sees in one raw SIP message", inspect_main },
	{ "approve", "let a user have what was refused, or take it back", approve_main },
	{ "approvals", "list what waits for approval, and what was approved", approvals_main },
	{ "ban", "ban an address or a prefix by hand", ban_main },
	{ "unban", "lift a ban", unban_main },
	{ "allow", "trust an address or a prefix, for a while or for good", allow_main },
	{ "disallow", "do so no longer", disallow_main },
	{ "bans", "list who is banned or allowed, by whom, how long and why", bans_main },
	{ "status", "say how the daemon stands, and what needs a look", status_main },
	{ "stats", "print all counters, for people, programs or Prometheus", stats_main },
	{ "top", "show all of it live on the terminal", top_main },
	{ "events", "what was told, and with -f what is told", events_main },
	{ "mode", "observe or enforce, by hand and at once", mode_main },
	{ "reload", "have the configuration read anew", reload_main },
	{ "calls", "list the calls that go on, and those that have just ended", calls_main },
	{ "dialogs", "list the dialogs of calls, and subscriptions", dialogs_main },
	{ "sources", "list who had to do with us, and what is known of them", sources_main },
	{ "registrations", "list who is registered, where and with what", registrations_main },
	{ "why", "how somebody stands, what was found, and what to do about it", why_main },
	{ "feeds", "list the block lists and allow lists, and what is in force", feeds_main },
	{ "alert", "tell a command or a URL of what is found", alert_main },
	{ "web", "serve the status page and the metrics", web_main },
	{ "country", "say what country an address has, and by which database", country_main },
	{ "number", "say how a number is read, and what becomes of calls to it", number_main },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(FILE *to)
{
	fputs("usage: sipmoat COMMAND [ARGUMENT...]\n\nCommands:\n", to);
	for (unsigned i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-13s %s\n", commands[i].name, commands[i].help);
	fputs("  help          this text, or that of a command\n\n"
	      "sipmoat COMMAND --help tells more; sipmoat --version prints the version.\n", to);
}

static const struct command *find(const char *name)
{
	for (unsigned i = 0; i < COMMANDS; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

static int unknown(const char *name)
{
	fprintf(stderr, "sipmoat: there is no command \"%s\"; sipmoat help lists them\n", name);
	return CTL_USAGE;
}

/* What was printed into a full disk was not printed. */
static int written(const char *name, int status)
{
	if (!ferror(stdout) && !fflush(stdout))
		return status;
	fprintf(stderr, "sipmoat %s: the output could not be written\n", name);
	return status ? status : CTL_REFUSED;
}

/* Under the name that getopt is to tell. */
static int run(const struct command *c, int argc, char **argv)
{
	char called[sizeof(CTL_CALLED) + 32];

	snprintf(called, sizeof(called), CTL_CALLED "%s", c->name);
	argv[0] = called;
	return written(c->name, c->run(argc, argv));
}

/* sipmoat help COMMAND */
static int help_of(const char *name)
{
	char option[] = "--help";
	char *args[] = { NULL, option, NULL };
	const struct command *c = find(name);

	return c ? run(c, 2, args) : unknown(name);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	const struct command *c = name ? find(name) : NULL;

	if (!name) {
		help(stderr);
		return CTL_USAGE;
	}
	if (c)
		return run(c, argc - 1, argv + 1);
	if (argc > 2 && strcmp(name, "help") == 0)
		return help_of(argv[2]);
	if (strcmp(name, "--version") == 0) {
		puts("sipmoat " SIPMOAT_VERSION);
		return written(name, CTL_OK);
	}
	if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		help(stdout);
		return written(name, CTL_OK);
	}
	return unknown(name);
}
