#ifndef OSTRAKON_AGENT_WORDS_H
#define OSTRAKON_AGENT_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "consensus/cluster.h"
#include "consensus/note.h"

/* What the pure code notes, in words: the sentence, the code that stands for it in every log,
 * document and alert for good, and how loud it is. */

#define WORDS_MESSAGE_BYTES 256u
#define WORDS_SETTING_BYTES 48u
#define WORDS_ISO_BYTES 32u

enum words_level { WORDS_ERROR = 3, WORDS_WARNING, WORDS_NOTICE, WORDS_INFO, WORDS_DEBUG };

struct words {
    enum words_level level; /* as in syslog */
    const char *code;       /* "OST-3001" */
    const char *event;      /* "granted" */
    const char *member;     /* whom it is about; NULL: nobody. Borrowed from the cluster */
    char message[WORDS_MESSAGE_BYTES]; /* begins with a name or noun, no full stop */
};

/* Any thread; `c` is borrowed for the call, but for words->member. */
void words_of(const struct note *note, const struct cluster *c, struct words *words);

/* "error" ... "debug". */
const char *words_level_text(uint32_t level);

/* What a cause is in a sentence, after a colon. */
const char *words_cause(enum cause cause);

/* "is suspended", and why: "it could not be reached". */
const char *words_standing(enum standing standing);
const char *words_standing_cause(enum standing_cause cause);

/* "R10 memory, R24 disk speed"; cut to `size`. */
void words_references(uint64_t bits, char *text, size_t size);

/* The name of a member, "nobody" for an index that is none. */
const char *words_member(const struct cluster *c, uint32_t member);

/* "mode=observe", "ttl_s=600": as cluster.yaml words it, and whoever changes it. */
void words_setting(enum setting setting, uint64_t value, char text[static WORDS_SETTING_BYTES]);

/* 2026-11-21T14:03:11.482Z, and 14:03 or, where seconds matter, 14:03:11. */
void words_iso(uint64_t unix_ms, char text[static WORDS_ISO_BYTES]);
void words_clock(uint64_t unix_ms, char text[static WORDS_ISO_BYTES]);

#endif
