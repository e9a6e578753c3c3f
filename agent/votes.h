#ifndef OSTRAKON_AGENT_VOTES_H
#define OSTRAKON_AGENT_VOTES_H

/* The vote store: what this member must never forget, or it would contradict itself. One record
 * of opaque bytes and the blocks that it speaks of, in a file of fixed size that is written in
 * place, so that no full disk ever hinders a vote.
 *
 * Two slots take turns. A write puts the new block's bytes where neither slot has anything,
 * then the older slot anew, then waits for the disk once. Cut off anywhere, the other slot is
 * untouched. A slot counts when its own checksum and those of all its blocks hold.
 *
 *     offset   bytes
 *     0        16 "ostrakon/votes/1", 32 store id, 8 inode, 8 birth of the inode (ns; 0:
 * unknown), 32 checksum of these 4096     slot 0: serials that are even 24576    slot 1:
 * serials that are odd 45056    18 places of 64 KiB
 *
 *     slot     32 checksum of all that follows, 32 store id, 8 serial, 4 size of the record,
 *              4 count of blocks; a block: 32 hash, 32 checksum, 4 size, 4 place; the record
 *
 * Integers are big-endian, checksums BLAKE2b-256. A slot of zeros was never written.
 *
 * The file knows its inode and that inode's time of birth, so that a copy or a restored backup
 * is refused: it would have this member say again what it has contradicted since. The number of
 * the device is left out on purpose: it may change when a machine starts, and then a power cut
 * would leave a whole cluster without one voter.
 */

#include <stdbool.h>
#include <stdint.h>

#define VOTES_HASH_BYTES 32
#define VOTES_STORE_ID_BYTES 32
#define VOTES_RECORD_MAX (16 * 1024)
#define VOTES_BLOCK_MAX (64 * 1024)
#define VOTES_PLACES 18
/* One place is always free of both slots, so a new block can be written beside all that is
 * held. */
#define VOTES_HELD_MAX (VOTES_PLACES - 1)
#define VOTES_SLOT_BYTES (20 * 1024)

/* What opening or making a store came to. After anything but OK the node does not vote. */
#define VOTES_VERDICTS(X)                                                                      \
    X(OK, "ok")                                                                                \
    X(MISSING, "missing")       /* no such file: lost, or `ostrakon init` was forgotten */     \
    X(DAMAGED, "damaged")       /* too short, no good header, or no good slot */               \
    X(FOREIGN, "foreign")       /* a copy, or restored: another inode or store */              \
    X(LOCKED, "locked")         /* another process has it open */                              \
    X(PRESENT, "already there") /* votes_create only */                                        \
    X(UNUSABLE, "unusable")     /* the machine refused; `error` says why */

enum votes_verdict {
#define X(word, text) VOTES_##word,
    VOTES_VERDICTS(X)
#undef X
};

/* A static sentence part, such as "damaged". */
const char *votes_verdict_text(enum votes_verdict verdict);

/* One block that the newest record names. */
struct votes_held {
    uint8_t hash[VOTES_HASH_BYTES];     /* the caller's name for it; never computed here */
    uint8_t checksum[VOTES_HASH_BYTES]; /* of its bytes */
    uint32_t size_bytes;                /* 1 .. VOTES_BLOCK_MAX */
    uint32_t place;                     /* 0 .. VOTES_PLACES - 1 */
};

/* Callers read `store_id`, `serial`, `record*`, `held*`, `other_lost`, `dead`, `wrong` and
 * `error`, and write nothing. Big (60 KiB): not for the stack of a deep caller. */
struct votes {
    int file;        /* -1: not open */
    int error;       /* errno of the last UNUSABLE or failed write */
    bool dead;       /* a write has failed: nothing is written any more */
    bool wrong;      /* the disk gave back other than was written: this member is unfit */
    bool other_lost; /* see votes_open */
    uint8_t store_id[VOTES_STORE_ID_BYTES]; /* random, made by votes_create */
    uint64_t serial;                        /* of the newest slot */
    uint32_t record_bytes;                  /* 0: nothing was ever recorded */
    uint32_t held_count;
    struct votes_held held[VOTES_HELD_MAX];
    uint8_t record[VOTES_RECORD_MAX];
    uint8_t slot[VOTES_SLOT_BYTES]; /* room to work in */
    uint8_t *room;                  /* likewise, for what is read past the page cache */
    int direct;                     /* for that; -1: the file system cannot */
};

/* What one vote makes durable. All pointers are borrowed for the call. */
struct votes_write {
    const uint8_t *record;
    uint32_t record_bytes;     /* 0 .. VOTES_RECORD_MAX */
    const uint8_t *block;      /* a block not yet held; NULL: none */
    uint32_t block_bytes;      /* 1 .. VOTES_BLOCK_MAX with a block */
    const uint8_t *block_hash; /* VOTES_HASH_BYTES */
    /* All that is held from now on, the new block among it: `keep_count` hashes in a row. */
    const uint8_t *keep;
    uint32_t keep_count; /* 0 .. VOTES_HELD_MAX */
};

/* Makes the store with an empty record: all or nothing, durable in its directory, mode 0600,
 * and filled, so that later writes need no space. Does not open it. Only `ostrakon init` may
 * call this: made by a daemon it would be an amnesia that nobody noticed. PRESENT if anything
 * is at `path`, UNUSABLE with errno set. Needs sodium_init. */
enum votes_verdict votes_create(const char *path) __attribute__((warn_unused_result));

/* Puts a new store in place of whatever is at `path`, with `first` already in it, so that at no
 * time there is an empty one: for a member whose amnesia is over, whose first record says from
 * which height it votes. What was there is kept as `path`.lost-<utc time>. `v` must be zeroed
 * or finished; it is open afterwards if the answer is OK. */
enum votes_verdict votes_replace(struct votes *v, const char *path,
                                 const struct votes_write *first)
    __attribute__((warn_unused_result));

/* Opens the store, takes its lock, reads and checks all of it (1.2 MiB), and writes the newest
 * record once more, into the other slot: a record that a killed process left in the page cache
 * would else be believed, said again to others, and lost with the power.
 *
 * `other_lost`: the slot that should hold the record before does not count. Either the last
 * write was cut off, and its vote never sent; or the newest record has rotted, and its vote
 * was. Peers know which: ask them before voting (protocol.md, rule 16).
 *
 * `v` needs no initialisation. After any other answer than OK it is finished already. */
enum votes_verdict votes_open(struct votes *v, const char *path)
    __attribute__((warn_unused_result));

/* The bytes of one of `v->held`, checked again, into `out`; false if they are damaged or cannot
 * be read. `index` below `held_count` is asserted. */
bool votes_block(const struct votes *v, uint32_t index, uint8_t out[static VOTES_BLOCK_MAX])
    __attribute__((warn_unused_result));

/* Durable when it answers true, and read back from the disk: one or two pwrite, one fdatasync,
 * one or two pread past the page cache, so 0.2 ms to minutes. One thread at a time. Asserts the
 * ranges above, and that every kept hash is held or the new block.
 *
 * False: the store is dead, `v->error` tells the errno, and no later write will be tried. A
 * failed fdatasync leaves the pages marked clean, so that a second one would lie. What was to
 * be voted may or may not be found at the next start; it must not be sent. */
bool votes_write(struct votes *v, const struct votes_write *w)
    __attribute__((warn_unused_result));

/* Puts a new store in place of this one, which has died of a failed write (asserted), with all
 * that it holds and `w`, the write that failed; the old file is kept as `path`.dead-<utc time>.
 * False: there is none open now, `v->error` tells why. What the old one holds is taken only if
 * its checksums hold. */
bool votes_renew(struct votes *v, const char *path, const struct votes_write *w)
    __attribute__((warn_unused_result));

/* One part of all that counts in the store is read from the disk and judged: step 0 the header,
 * 1 and 2 the slots, VOTES_SCRUB_BLOCKS and on the blocks of the newest; at most 64 KiB. Never
 * on a store that is dead (asserted). WRONG also sets `v->wrong`. */
enum votes_scrubbed {
    VOTES_SCRUB_SOUND,
    VOTES_SCRUB_WRONG,  /* it was right when it was written */
    VOTES_SCRUB_FAILED, /* errno: it cannot be read now */
    VOTES_SCRUB_DONE,   /* there is no such part */
};
#define VOTES_SCRUB_BLOCKS 3u
enum votes_scrubbed votes_scrub(struct votes *v, uint32_t step)
    __attribute__((warn_unused_result));

/* Closes and lets go of the lock. Twice is harmless; so is a zeroed struct. */
void votes_finish(struct votes *v);

#endif
