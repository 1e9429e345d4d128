/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that runs the operator's command, and what goes between it and the daemon:
 * one packet of a socket pair a job, one a result.  It ends when the socket does.
 */
#ifndef SIPMOAT_HELPER_H
#define SIPMOAT_HELPER_H

#include <stdint.h>

#include "decision.h"

#define HELPER_TEXT 768

struct helper_job {
	char token[APPROVAL_TOKEN];
	uint16_t n;
	char text[HELPER_TEXT]; /* for its standard input */
};

enum helper_end { HELPER_GRANTED, HELPER_REFUSED, HELPER_KILLED, HELPER_FAILED };

struct helper_result {
	char token[APPROVAL_TOKEN];
	uint8_t end;    /* enum helper_end */
	int32_t status; /* as waitpid gave it, or -errno with HELPER_FAILED */
};

/* In the child, which shares nothing with the daemon but fd and stderr: never returns. */
void helper_run(int fd, char *const *argv, uint32_t timeout, unsigned at_once)
	__attribute__((noreturn));

#endif
