/* The peer listener to which these tests do no good, and whether it has stood it. Deadlines are
 * a fifth of the agent's. */
#ifndef OSTRAKON_TESTS_NET_ATTACKED_H
#define OSTRAKON_TESTS_NET_ATTACKED_H

#include "tests/net/serving.h"

#define POST "POST /x HTTP/1.1\r\nHost: x\r\n"

extern struct serving s;
extern char in[4096]; /* what a client was answered */
extern size_t in_bytes;

void start(void);

/* A client that posts "abc" as a member, and waits for the end. */
void post_abc(struct serving *unused);

/* The server is still there, and nothing of the attacker is left in it. Finishes it. */
void cr_assert_serves(void);

#endif
