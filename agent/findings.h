#ifndef OSTRAKON_AGENT_FINDINGS_H
#define OSTRAKON_AGENT_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "health/reference.h"

/* What references found, in words: for the log, the API and the status alike. */

struct agent;

#define FINDING_TEXT_BYTES 256u
#define FINDING_GAP_MS 60000u /* between two lines on one reference, while it only changes */

/* What was last found by a reference, and what was last told of it. */
struct finding_told {
    enum reference_result result; /* 0: nothing yet */
    uint32_t note;
    enum reference_result told;
    uint64_t told_ms;
    uint32_t left_out; /* changes since then */
};

struct findings {
    struct finding_told told[REFERENCES_MAX];
};

/* The words of a finding, whoever made it; never NULL. */
const struct reference_note *finding_words(const struct finding *f);

/* Text and action with the evidence in them. */
void finding_say(const struct finding *f, char text[static FINDING_TEXT_BYTES],
                 char action[static FINDING_TEXT_BYTES]);

/* For the examiner: the node takes the finding in, and what is not ok is told. */
void agent_on_finding(void *context, const struct finding *f);
void agent_on_slowness(void *context, uint32_t slowness, uint32_t share_ppm);

#endif
