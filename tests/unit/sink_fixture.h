#ifndef TESTS_UNIT_SINK_FIXTURE_H
#define TESTS_UNIT_SINK_FIXTURE_H

#include "../../deploy/stats/sink.h"

/* A sink in a directory of its own, under a clock that a test sets. */

#define WINDOW_S 60
#define NOW 1000 /* the window of the clock, unless a test moves it */

extern struct sink s;
extern char sink_path[64];
extern int64_t window_now;

void found(int64_t endorsers);
void set_up(void); /* with audit */
void tear_down(void);

/* One row of atlas, positive, of the start of that window. */
enum arrival insert(const char *id, const char *customer, int64_t time_window);

enum sink_answer close_window(int64_t window);

/* A closed window NOW with two rows of acme and one of zebra, and the clock in the next. */
void fill_and_close(void);

/* What a question answers, or -1. */
int64_t number(const char *sql);

#endif
