/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of sipmoatd.  Ownership: points into argv. */
#ifndef SIPMOAT_OPTIONS_H
#define SIPMOAT_OPTIONS_H

#include <stdbool.h>

struct options {
	const char *config;
	bool test; /* check the config and leave */
};

/* -1: go on with *out; else the exit status to leave with at once. */
int options_parse(int argc, char **argv, struct options *out);

#endif
