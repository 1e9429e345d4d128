/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nobody.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

bool nobody_become(const char *user, const char *name)
{
	const struct passwd *who;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (geteuid() != 0)
		return true;
	who = getpwnam(user);
	if (!who) {
		fprintf(stderr, "sipmoat %s: there is no user %s to run as; systemd-sysusers makes "
			"it, or be somebody else than root\n", name, user);
		return false;
	}
	if (!initgroups(user, who->pw_gid) && !setgid(who->pw_gid) && !setuid(who->pw_uid))
		return true;
	fprintf(stderr, "sipmoat %s: cannot become %s: %s\n", name, user, strerror(errno));
	return false;
}
