/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen.h"

#include <curses.h>
#include <stdlib.h>
#include <unistd.h>

#include "top.h"

#include <term.h> /* last: its macros have the names of our members */
#undef columns
#undef tone

bool screen_open(char *err, size_t room)
{
	const char *no_colour = getenv("NO_COLOR");
	SCREEN *s;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		snprintf(err, room, "it needs a terminal");
		return false;
	}
	s = newterm(NULL, stdout, stdin);
	if (!s) {
		const char *term = getenv("TERM");

		snprintf(err, room, "a terminal of the kind \"%s\" is not known here",
			 term ? term : "");
		return false;
	}
	set_term(s);
	if (!tigetstr("cup")) {
		endwin();
		snprintf(err, room, "a terminal of the kind \"%s\" has no cursor to move",
			 termname());
		return false;
	}
	cbreak();
	noecho();
	nonl();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	if ((!no_colour || !no_colour[0]) && has_colors() && start_color() == OK) {
		use_default_colors();
		init_pair(TONE_GOOD, COLOR_GREEN, -1);
		init_pair(TONE_WARN, COLOR_YELLOW, -1);
		init_pair(TONE_BAD, COLOR_RED, -1);
	}
	return true;
}

void screen_close(void)
{
	endwin();
}

void screen_size(unsigned *rows, unsigned *columns)
{
	*rows = (unsigned)LINES;
	*columns = (unsigned)COLS;
}

static attr_t attributes(const struct canvas_cell *cell)
{
	attr_t a = cell->look == LOOK_BOLD ? A_BOLD : cell->look == LOOK_REVERSED ? A_REVERSE :
									      A_NORMAL;

	if (cell->tone == TONE_QUIET)
		return a | A_DIM;
	return cell->tone == TONE_PLAIN ? a : a | (attr_t)COLOR_PAIR(cell->tone);
}

void screen_show(const struct canvas *c)
{
	erase();
	for (unsigned y = 0; y < c->rows; y++)
		for (unsigned x = 0; x < c->columns; x++) {
			const struct canvas_cell *cell = &c->cell[y * c->columns + x];

			if (cell->letter != ' ' || cell->look != LOOK_PLAIN)
				(void)mvaddch((int)y, (int)x, (chtype)(unsigned char)cell->letter |
					      attributes(cell));
		}
	refresh();
}

int screen_key(bool *resized)
{
	static const struct {
		int curses, ours;
	} keys[] = {
		{ KEY_BTAB, KEY_OF_BACKTAB }, { KEY_UP, KEY_OF_UP }, { KEY_DOWN, KEY_OF_DOWN },
		{ KEY_LEFT, KEY_OF_LEFT }, { KEY_RIGHT, KEY_OF_RIGHT },
		{ KEY_PPAGE, KEY_OF_PAGE_UP }, { KEY_NPAGE, KEY_OF_PAGE_DOWN },
		{ KEY_HOME, KEY_OF_HOME }, { KEY_ENTER, '\n' }, { '\r', '\n' },
	};
	int key = getch();

	if (key == KEY_RESIZE) {
		*resized = true;
		return 0;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].curses == key)
			return keys[i].ours;
	return key > 0 && key < 256 ? key : 0;
}
