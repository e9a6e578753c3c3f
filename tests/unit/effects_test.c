#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "consensus/effects.h"
#include "consensus/message.h"

static struct effects out;

Test(effects, wake_at_the_earliest_of_the_times)
{
    effects_begin(&out);
    cr_assert(eq(u64, out.timer_ms, TIME_NEVER));
    effects_wake(&out, 20);
    effects_wake(&out, 10);
    effects_wake(&out, 30);
    cr_assert(eq(u64, out.timer_ms, 10));
}

Test(effects, sends_leave_room_for_votes_and_for_all_notes_of_a_block)
{
    static const uint8_t bytes[MESSAGE_BYTES_MAX];
    const struct note note = {.kind = NOTE_GRANTED};
    effects_begin(&out);
    while (effects_has_room(&out, sizeof bytes)) {
        const struct body body = effects_body(&out, bytes, sizeof bytes);
        effects_add(&out, EFFECT_SEND)->body = body;
    }
    while (effects_has_room(&out, 0)) {
        effects_add(&out, EFFECT_HELP)->member = 1;
    }
    for (uint32_t i = 0; i < NOTES_MAX; i++) {
        effects_note(&out, &note);
    }
    cr_assert(eq(u32, out.dropped, 0));
    for (uint32_t i = 0; i < 3; i++) {
        struct effect *e = effects_add(&out, EFFECT_PERSIST);
        e->persist.record = effects_body(&out, bytes, RECORD_BYTES_MAX);
        e->persist.block = effects_body(&out, bytes, BLOCK_BYTES_MAX);
    }
    effects_add(&out, EFFECT_STORE_BLOCK)->body = effects_body(&out, bytes, sizeof bytes);
}

Test(effects, drop_words_about_peers_rather_than_fail)
{
    const struct note note = {.kind = NOTE_PEER_NONSENSE};
    effects_begin(&out);
    for (uint32_t i = 0; i < 2 * EFFECTS_MAX; i++) {
        effects_note(&out, &note);
    }
    cr_assert(out.dropped > 0);
    cr_assert(eq(u32, out.count + out.dropped, 2 * EFFECTS_MAX));
    effects_add(&out, EFFECT_PERSIST); /* has room all the same */
}
