/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libexec.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

int libexec_become(const char *program, char **argv)
{
	static const char *const where[] = { "", "../libexec/sipmoat/" };
	char own[PATH_MAX], path[PATH_MAX + 64] = "";
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char *end;

	own[n > 0 ? n : 0] = '\0';
	end = strrchr(own, '/');
	for (size_t i = 0; end && i < sizeof(where) / sizeof(*where); i++) {
		snprintf(path, sizeof(path), "%.*s/%s%s", (int)(end - own), own, where[i], program);
		execv(path, argv);
		if (errno != ENOENT)
			break;
	}
	fprintf(stderr, "%s: %s: %s\n", argv[0], path, strerror(errno));
	return CTL_REFUSED;
}
