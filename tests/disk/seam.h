#ifndef OSTRAKON_TESTS_DISK_SEAM_H
#define OSTRAKON_TESTS_DISK_SEAM_H

/* The calls by which a vote reaches the disk and is read again, in the test's hands: the linker
 * sends those of votes*.c here (--wrap). */

#include <stdbool.h>
#include <stdint.h>

enum seam_act {
    SEAM_PASS,
    SEAM_DIE_BEFORE, /* the process ends, nothing of this call done */
    SEAM_DIE_AMID,   /* after `amid_bytes` of a write */
    SEAM_DIE_AFTER,
    SEAM_FAIL, /* with `error` */
};

struct seam {
    uint32_t calls; /* seen since the test set it to 0 */
    uint32_t at;    /* the call (from 1) on which `act` is done; 0: on none */
    enum seam_act act;
    uint32_t amid_bytes;
    int error;
    bool lasting;       /* on all calls from `at` on */
    uint32_t bend_read; /* so many reads from now one gives a wrong bit; 0: none */
};

extern struct seam seam;

#define SEAM_STATUS 42 /* with which the process ends */

#endif
