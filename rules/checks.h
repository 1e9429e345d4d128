/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every check, by name: what the table in checks.c is made of. */
#ifndef SIPMOAT_CHECKS_H
#define SIPMOAT_CHECKS_H

#include "check.h"

extern const struct check check_trusted;
extern const struct check check_banned;
extern const struct check check_country;
extern const struct check check_transports;
extern const struct check check_stream;
extern const struct check check_flood;
extern const struct check check_malformed;
extern const struct check check_agent;
extern const struct check check_method;
extern const struct check check_cost;
extern const struct check check_destination;
extern const struct check check_strict;
extern const struct check check_scan;
extern const struct check check_stray;
extern const struct check check_auth;
extern const struct check check_leak;
extern const struct check check_pattern;
extern const struct check check_pipe;
extern const struct check check_password;
extern const struct check check_register;
extern const struct check check_registered;
extern const struct check check_dialog;
extern const struct check check_calls;
extern const struct check check_transfer;
extern const struct check check_duration;

#endif
