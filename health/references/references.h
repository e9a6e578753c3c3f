#ifndef OSTRAKON_HEALTH_REFERENCES_REFERENCES_H
#define OSTRAKON_HEALTH_REFERENCES_REFERENCES_H

#include "certificates.h"
#include "clocks.h"
#include "code.h"
#include "cores.h"
#include "cryptography.h"
#include "disk.h"
#include "disk_health.h"
#include "disk_speed.h"
#include "edac.h"
#include "file_system.h"
#include "fill.h"
#include "health/reference.h"
#include "installed.h"
#include "interfaces.h"
#include "kernel_log.h"
#include "lost_memory.h"
#include "randomness.h"
#include "resources.h"
#include "seams.h"
#include "source.h"
#include "sweep.h"
#include "time_service.h"

/* Whether the machine has what a reference reads: decided by its first run, for good. */
enum presence {
    PRESENCE_OPEN = 0,
    PRESENCE_THERE,
    PRESENCE_ABSENT,
};

/* All that the references know and use. Large: never on a stack. Zeroed, then the fields above
 * the line filled in. One thread at a time. */
struct reference_context {
    struct seams seams;
    const char *data_directory;                     /* NULL: there is none */
    struct installed_file files[INSTALLED_MAX - 1]; /* that the node lives on */
    uint32_t file_count;
    struct certificate_file certificates[FLEET_CERTIFICATES_MAX]; /* of the service */
    uint32_t certificate_count;
    const char *tools; /* directories of programs to be asked, "/a:/b"; NULL: the usual ones */
    bool observer;     /* leaves no trace on the disk: the daemon may be running */
    bool spare;        /* the agent ran late: leave the machine to it */
    bool whole;        /* each run does all there is: every core, every file */
    uint64_t window_most; /* bytes that R10 may hold; 0: ROOM_WINDOW_MAX */
    /* ------------------------------------------------------------------------------------ */
    enum presence presence[REFERENCES_MAX + 1];
    struct source source; /* what was read last */
    struct certificates_state certificate;
    struct code_state code;
    struct cores_state cores;
    struct installed_state installed;
    struct sweep_state sweep;
    struct fill_state fill;
    struct lost_memory_state lost_memory;
    struct kernel_log_state kernel_log;
    struct randomness_state randomness;
    struct clocks_state clocks;
    struct time_service_state time_service;
    struct disk_state disk;
    struct disk_speed_state disk_speed;
    struct disk_health_state disk_health;
    struct file_system_state file_system;
    struct edac_state edac;
    struct interfaces_state interfaces;
    struct resources_state resources;
};

/* Ends the threads and gives back what the references have taken. Takes a zeroed context. */
void references_finish(struct reference_context *context);

/* In the order in which they are run: cheap first. */
extern const struct reference *const references[];
extern const uint32_t reference_count;

/* NULL if `id` is none of them. */
const struct reference *reference_find(uint32_t id);

/* One run, from an empty finding. Asserts that the reference kept to its own id. */
void reference_run(const struct reference *r, struct reference_context *context,
                   struct finding *out);

/* For references whose source a machine may lack. True: measure. False: `out` says ABSENT with
 * `note` if it has been so from the first run on, UNKNOWN if the source was there once; a
 * source that comes later than the first run stays absent. */
bool reference_is_there(struct reference_context *context, bool there, uint32_t note,
                        struct finding *out) __attribute__((warn_unused_result));

#endif
