/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subcommands of `sipmoat`.  Each gets the arguments from its own name on,
 * as main() would, and returns the exit status; argv[0] is "sipmoat NAME".
 *
 * Errors: told on stderr, one line each, beginning "sipmoat NAME: ".
 */
#ifndef SIPMOAT_CTL_H
#define SIPMOAT_CTL_H

#define CTL_CALLED "sipmoat "

enum ctl_exit {
	CTL_OK,
	CTL_REFUSED, /* the file, the config or the request was refused or not found */
	CTL_USAGE,
	CTL_UNREACHABLE, /* no daemon, or no permission to talk to it */
};

int approvals_main(int argc, char **argv);
int approve_main(int argc, char **argv);
int ban_main(int argc, char **argv);
int top_main(int argc, char **argv);
int unban_main(int argc, char **argv);
int alert_main(int argc, char **argv);
int allow_main(int argc, char **argv);
int disallow_main(int argc, char **argv);
int bans_main(int argc, char **argv);
int calls_main(int argc, char **argv);
int check_main(int argc, char **argv);
int country_main(int argc, char **argv);
int doctor_main(int argc, char **argv);
int dialogs_main(int argc, char **argv);
int events_main(int argc, char **argv);
int feeds_main(int argc, char **argv);
int init_main(int argc, char **argv);
int inspect_main(int argc, char **argv);
int mode_main(int argc, char **argv);
int number_main(int argc, char **argv);
int reload_main(int argc, char **argv);
int registrations_main(int argc, char **argv);
int replay_main(int argc, char **argv);
int sources_main(int argc, char **argv);
int stats_main(int argc, char **argv);
int status_main(int argc, char **argv);
int web_main(int argc, char **argv);
int why_main(int argc, char **argv);

#endif
