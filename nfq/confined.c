/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confined.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The second one is there in all kernels, and another module may speak in it. */
static const char *const places[] = { "/proc/self/attr/apparmor/current",
				      "/proc/self/attr/current" };

/* "NAME (enforce)"; other modes forbid nothing. */
static int enforced(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[256] = "";

	if (!f)
		return 0;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	return strstr(line, " (enforce)") != NULL;
}

const char *confined_hint(int err)
{
	if (err != EACCES && err != EPERM)
		return "";
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (enforced(places[i]))
			return " (AppArmor confines sipmoatd: what else it needs is allowed in "
			       "/etc/apparmor.d/local/usr.sbin.sipmoatd)";
	return "";
}
