/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top.h"

#define PAGE 10

void top_begin(struct top *t)
{
	*t = (struct top){ .right = PANE_SOURCES, .focus = PANE_CHECKS, .interval = 1 };
}

static void focus_on(struct top *t, unsigned pane)
{
	t->focus = (enum top_pane)(pane % PANES);
	if (t->focus != PANE_CHECKS && t->focus != PANE_EVENTS)
		t->right = t->focus;
}

static void scroll_by(struct top *t, int lines)
{
	unsigned *at = &t->scroll[t->focus];

	if (lines < 0 && *at < (unsigned)-lines)
		*at = 0;
	else
		*at += (unsigned)lines; /* drawing cuts it to what is there */
}

static void letter(struct top *t, int key)
{
	switch (key) {
	case 'q':
		t->leave = true;
		break;
	case 'p':
	case ' ':
		t->paused = !t->paused;
		break;
	case '?':
	case 'h':
		t->help = !t->help;
		break;
	case 's':
		t->sort[t->focus]++;
		break;
	case 'z':
	case '\n':
		t->zoom = !t->zoom;
		break;
	case '+':
	case '=':
		t->interval += t->interval < TOP_INTERVAL_MOST;
		break;
	case '-':
		t->interval -= t->interval > 1;
		break;
	default:
		if (key >= '1' && key < '1' + PANES)
			focus_on(t, (unsigned)(key - '1'));
	}
}

void top_key(struct top *t, int key)
{
	switch (key) {
	case KEY_OF_TAB:
	case KEY_OF_RIGHT:
	case '\t':
		focus_on(t, t->focus + 1u);
		break;
	case KEY_OF_BACKTAB:
	case KEY_OF_LEFT:
		focus_on(t, t->focus + PANES - 1u);
		break;
	case KEY_OF_UP:
		scroll_by(t, -1);
		break;
	case KEY_OF_DOWN:
		scroll_by(t, 1);
		break;
	case KEY_OF_PAGE_UP:
		scroll_by(t, -PAGE);
		break;
	case KEY_OF_PAGE_DOWN:
		scroll_by(t, PAGE);
		break;
	case KEY_OF_HOME:
		t->scroll[t->focus] = 0;
		break;
	default:
		letter(t, key);
	}
}

bool top_shows(const struct top *t, enum top_pane pane)
{
	if (t->zoom)
		return pane == t->focus;
	return pane == PANE_CHECKS || pane == PANE_EVENTS || pane == t->right;
}
