/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "canvas.h"

#include <stdlib.h>
#include <string.h>

#include "letters.h"

bool canvas_size(struct canvas *c, unsigned rows, unsigned columns)
{
	size_t n;

	rows = rows < CANVAS_ROWS ? rows : CANVAS_ROWS;
	columns = columns < CANVAS_COLUMNS ? columns : CANVAS_COLUMNS;
	n = (size_t)rows * columns;
	if (!c->cell || rows != c->rows || columns != c->columns) {
		free(c->cell);
		c->cell = calloc(n + 1, sizeof(*c->cell));
		c->rows = c->cell ? rows : 0;
		c->columns = c->cell ? columns : 0;
	}
	for (size_t i = 0; c->cell && i < n; i++)
		c->cell[i] = (struct canvas_cell){ ' ', TONE_PLAIN, LOOK_PLAIN };
	return c->cell != NULL;
}

void canvas_free(struct canvas *c)
{
	free(c->cell);
	*c = (struct canvas){ 0 };
}

unsigned canvas_put(struct canvas *c, unsigned row, unsigned column, unsigned width,
		    const char *text, enum grid_tone tone, enum canvas_look look)
{
	char shown[CANVAS_COLUMNS + 1];
	unsigned n;

	if (row >= c->rows || column >= c->columns)
		return column;
	if (width > c->columns - column)
		width = c->columns - column;
	n = (unsigned)letters_show(shown, sizeof(shown), text, width, false);
	for (unsigned i = 0; i < n; i++)
		c->cell[row * c->columns + column + i] = (struct canvas_cell){
			shown[i], (unsigned char)tone, (unsigned char)look };
	return column + n;
}

void canvas_put_right(struct canvas *c, unsigned row, unsigned column, unsigned width,
		      const char *text, enum grid_tone tone, enum canvas_look look)
{
	unsigned n = (unsigned)strlen(text);

	n = n < width ? n : width;
	(void)canvas_put(c, row, column + width - n, n, text, tone, look);
}

void canvas_bar(struct canvas *c, unsigned row, unsigned column, unsigned width,
		enum canvas_look look)
{
	for (unsigned i = column; row < c->rows && i < c->columns && i - column < width; i++)
		c->cell[row * c->columns + i].look = (unsigned char)look;
}
