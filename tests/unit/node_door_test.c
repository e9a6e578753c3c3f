/* What a member that lost its standing is still given, and by which of its words it is heard.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "node_scene.h"

#define REMOVED 4u
#define HEIGHT 6u /* in progress */

static const enum standing out[] = {STANDING_SUSPENDED, STANDING_LOCKED_OUT, STANDING_NEUTERED};

static struct scene scene_at(enum standing standing)
{
    struct scene s = scene_of();
    scene_pass(&s, 30);
    scene_answer(&s, 3);
    scene_pass(&s, 2);
    scene_deciding(&s)->cluster.height = HEIGHT - 1;
    scene_deciding(&s)->simplex.height = HEIGHT;
    scene_deciding(&s)->cluster.member[REMOVED].standing = standing;
    node_seal_first(s.b.node);
    s.b.sent_count = 0;
    return s;
}

static bool admits(struct scene *s, const struct message *m)
{
    return node_door_admits(scene_deciding(s), REMOVED, m);
}

static struct message command_of(uint32_t author, enum command_kind kind,
                                 uint8_t bytes[static COMMAND_BYTES_MAX])
{
    struct command c = {.kind = kind, .author = author, .term = 1};
    if (kind == COMMAND_OPERATOR) {
        c.by_operator = (struct operator_command){.seq = 1, .operation = OPERATION_PAUSE};
    }
    struct message m = {.kind = MESSAGE_COMMAND};
    m.command.command = (struct bytes_view){bytes, (uint32_t)command_encode(&c, bytes)};
    return m;
}

static uint32_t count_sent(const struct scene *s, enum message_kind kind, uint32_t to)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->b.sent_count && i < SENT_MAX; i++) {
        count += s->b.sent[i].kind == kind && s->b.sent[i].to == to;
    }
    return count;
}

Test(node_door, is_shut_at_the_next_message_of_an_open_connection)
{
    struct scene s = scene_at(STANDING_GOOD);
    struct message m = {.kind = MESSAGE_CHALLENGE, .challenge = {.subject = 0}};
    m.challenge.nonce.bytes[0] = 1;
    scene_give(&s, REMOVED, &m);
    cr_assert(eq(u32, count_sent(&s, MESSAGE_ANSWER, REMOVED), 1), "a voter is answered");
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++) {
        scene_deciding(&s)->cluster.member[REMOVED].standing = out[i];
        node_seal_first(s.b.node);
        m.challenge.nonce.bytes[0]++;
        scene_give(&s, REMOVED, &m);
        cr_assert(eq(u32, count_sent(&s, MESSAGE_ANSWER, REMOVED), 1), "standing %d", out[i]);
    }
    bench_finish(&s.b);
}

Test(node_door, is_open_to_reading_what_was_decided_and_no_further)
{
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++) {
        struct scene s = scene_at(out[i]);
        struct message m = {.kind = MESSAGE_WANT, .want = {.height = HEIGHT - 1}};
        const struct message heartbeat = scene_heartbeat(&s, REMOVED);
        cr_assert(admits(&s, &m));
        m.want.height = HEIGHT;
        cr_assert_not(admits(&s, &m), "that is not decided");
        cr_assert(admits(&s, &heartbeat));
        m = (struct message){.kind = MESSAGE_HELLO};
        cr_assert(admits(&s, &m), "it will vote again");
        m = (struct message){.kind = MESSAGE_STATUS, .status = {.height = HEIGHT}};
        cr_assert_not(admits(&s, &m));
        m.status.height = HEIGHT - 1;
        cr_assert(admits(&s, &m), "it does not know yet");
        m = (struct message){.kind = MESSAGE_COSIGN};
        m.cosign.height = HEIGHT - 1;
        m.cosign.wanted = true;
        cr_assert_not(admits(&s, &m), "nobody signs for it");
        bench_finish(&s.b);
    }
}

Test(node_door, takes_votes_of_heights_alone_at_which_its_standing_is_not_known_yet)
{
    struct scene s = scene_at(STANDING_SUSPENDED);
    struct message m = {.kind = MESSAGE_VOTE};
    m.vote.vote.height = HEIGHT;
    cr_assert_not(admits(&s, &m));
    m.vote.vote.height = HEIGHT + 1;
    cr_assert(admits(&s, &m), "it may be reinstated by what is decided now");
    m = (struct message){.kind = MESSAGE_PROPOSAL};
    m.proposal.vote.height = HEIGHT;
    cr_assert_not(admits(&s, &m));
    m.proposal.vote.height = HEIGHT + 1;
    cr_assert(admits(&s, &m));
    bench_finish(&s.b);
}

Test(node_door, is_open_to_its_own_words_and_to_an_operators)
{
    struct scene s = scene_at(STANDING_SUSPENDED);
    uint8_t bytes[COMMAND_BYTES_MAX];
    struct message m = command_of(REMOVED, COMMAND_APPEAL, bytes);
    cr_assert(admits(&s, &m));
    m = command_of(REMOVED, COMMAND_RESIGN, bytes);
    cr_assert(admits(&s, &m));
    m = command_of(MEMBERS_MAX, COMMAND_OPERATOR, bytes);
    cr_assert(admits(&s, &m), "an operator may be at its machine");
    m = command_of(REMOVED - 1, COMMAND_RESIGN, bytes);
    cr_assert_not(admits(&s, &m), "whom it may have known, and names as its own");
    m.command.command.size_bytes = 3;
    cr_assert_not(admits(&s, &m));
    bench_finish(&s.b);
}

Test(node_door, tells_who_has_left_what_was_decided_and_takes_no_word_of_it)
{
    struct scene s = scene_at(STANDING_LEFT);
    uint8_t bytes[COMMAND_BYTES_MAX];
    struct message m = {.kind = MESSAGE_WANT, .want = {.height = HEIGHT - 1}};
    uint8_t want[MESSAGE_BYTES_MAX];
    cr_assert(admits(&s, &m));
    const uint64_t heard_ms = scene_deciding(&s)->peer[REMOVED].detector.heard_ms;
    s.b.now_ms++;
    bench_step(&s.b, (struct input){.kind = INPUT_MESSAGE,
                                    .member = REMOVED,
                                    .bytes = want,
                                    .size_bytes = message_encode(&m, want)});
    const struct effect *help = bench_find(&s.b, EFFECT_HELP);
    cr_assert(help != NULL && help->member == REMOVED && help->height == HEIGHT - 1);
    cr_assert(eq(u64, scene_deciding(&s)->peer[REMOVED].detector.heard_ms, heard_ms));
    m = scene_heartbeat(&s, REMOVED);
    cr_assert(admits(&s, &m), "and behind");
    m.heartbeat.height = HEIGHT;
    cr_assert_not(admits(&s, &m));
    m = command_of(REMOVED, COMMAND_APPEAL, bytes);
    cr_assert_not(admits(&s, &m));
    m = (struct message){.kind = MESSAGE_HELLO};
    cr_assert_not(admits(&s, &m));
    bench_finish(&s.b);
}
