/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pages as they are served, made of the .html, .css and .js here by web/embed.sh: with all they
 * need inside, and the policy by which a browser runs nothing else.
 */
#ifndef SIPMOAT_PAGE_H
#define SIPMOAT_PAGE_H

#include <stddef.h>

extern const char page_policy[];
extern const unsigned char page_status[], page_login[];
extern const size_t page_status_n, page_login_n;

#endif
