/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "refusal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int explain_permission(char err[BAN_ERROR])
{
	snprintf(err, BAN_ERROR, "no permission to change nftables: sipmoatd needs "
		 "CAP_NET_ADMIN (start it as root or through its systemd unit)");
	return -EPERM;
}

int refusal_explain(char err[BAN_ERROR], const char *what, int e)
{
	if (e == -EPERM)
		return explain_permission(err);
	if (e == -EPROTONOSUPPORT || e == -EOPNOTSUPP || e == -EAFNOSUPPORT)
		snprintf(err, BAN_ERROR, "the kernel has no nf_tables (%s): modprobe nf_tables, or "
			 "install the package with your kernel's modules", strerror(-e));
	else
		snprintf(err, BAN_ERROR, "nftables refused %s: %s", what, strerror(-e));
	return e;
}

int refusal_change(char err[BAN_ERROR], int e)
{
	if (e == -EPERM)
		return explain_permission(err);
	snprintf(err, BAN_ERROR, "nftables refused the new ones (%s): has another program put "
		 "something into table inet sipmoat?", strerror(-e));
	return e;
}
