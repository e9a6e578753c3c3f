/* The layer itself: what goes out is bent here, what comes in is remembered. */
#include "liar.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "agent/replace.h"
#include "agent/solver.h"

#define ACT_MS 50u
#define TELL_ACTS 10u /* between two accounts of what was told */
#define LIES_BYTES 4096u
#define TOLD_BYTES 4096u
#define DOES_PER_CENT 60u

struct liar liar;

struct peers *__real_peers_create(struct loop *loop, const struct peers_config *config,
                                  char error[static PEERS_ERROR_CHARS]);
void __real_peers_send(struct peers *p, uint32_t member, const uint8_t *bytes,
                       size_t size_bytes, enum peers_kind kind);
void __real_peers_destroy(struct peers *p);
void __real_solver_ask(struct solver *s, uint64_t serial,
                       const uint8_t nonce[static SOLVER_NONCE_BYTES]);
struct peers *__wrap_peers_create(struct loop *loop, const struct peers_config *config,
                                  char error[static PEERS_ERROR_CHARS]);
void __wrap_peers_send(struct peers *p, uint32_t member, const uint8_t *bytes,
                       size_t size_bytes, enum peers_kind kind);
void __wrap_peers_destroy(struct peers *p);
void __wrap_solver_ask(struct solver *s, uint64_t serial,
                       const uint8_t nonce[static SOLVER_NONCE_BYTES]);

static const char *const habit_texts[] = {
#define X(name, text) [HABIT_##name] = text,
    HABITS(X)
#undef X
};

static const char *const forgery_texts[] = {
#define X(name, text) [FORGERY_##name] = text,
    FORGERIES(X)
#undef X
};

static struct peers_callbacks callbacks;
static struct loop_timer *timer;
static struct timespec lies_changed;
static uint32_t acts;

/* ---- chance */

uint64_t liar_roll(void)
{
    liar.dice ^= liar.dice >> 12; /* xorshift64* */
    liar.dice ^= liar.dice << 25;
    liar.dice ^= liar.dice >> 27;
    return liar.dice * 0x2545f4914f6cdd1du;
}

uint32_t liar_between(uint32_t least, uint32_t most)
{
    return least + (uint32_t)((liar_roll() >> 32) % (most - least + 1));
}

bool liar_chance(uint32_t per_cent)
{
    return liar_between(1, 100) <= per_cent;
}

bool liar_does(enum habit habit)
{
    return liar.has[habit] && liar_chance(DOES_PER_CENT);
}

void liar_told(enum habit habit)
{
    liar.told[habit]++;
}

uint32_t liar_turn(uint32_t seconds)
{
    const uint64_t turn = clock_monotonic_ms() / 1000 / seconds;
    const uint32_t other = (uint32_t)(turn % (liar.members - 1));
    return other < liar.self ? other : other + 1;
}

/* ---- saying */

void liar_say(uint32_t to, const uint8_t *bytes, size_t size_bytes)
{
    if (size_bytes > 0) {
        __real_peers_send(liar.peers, to, bytes, size_bytes, PEERS_MESSAGE);
    }
}

void liar_say_message(uint32_t to, const struct message *m)
{
    uint8_t bytes[MESSAGE_BYTES_MAX];
    liar_say(to, bytes, message_encode(m, bytes));
}

void liar_say_command(uint32_t to, struct command *c, bool as_itself)
{
    const struct cluster *state = &liar.agent->node->deciding.cluster;
    static uint8_t bytes[COMMAND_BYTES_MAX];
    static struct message m;
    if (as_itself) {
        c->author = liar.self;
    }
    c->term = c->author < MEMBERS_MAX ? state->member[c->author].term : 0;
    command_sign(c, &liar.id, &liar.pen);
    m.kind = MESSAGE_COMMAND;
    m.command.command = (struct bytes_view){bytes, (uint32_t)command_encode(c, bytes)};
    liar_say_message(to, &m);
}

static bool lies(uint32_t to, struct message *m)
{
    switch (m->kind) {
    case MESSAGE_PROPOSAL:
        return liar_lies_in_proposal(to, m);
    case MESSAGE_VOTE:
        return liar_lies_in_vote(to, m);
    case MESSAGE_COMMAND:
        return liar_lies_in_command(to, m);
    case MESSAGE_HEARTBEAT:
        return liar_lies_in_heartbeat(to, m);
    case MESSAGE_COSIGN:
        return liar_lies_in_cosign(to, m);
    case MESSAGE_STATUS:
    case MESSAGE_DECIDED:
    case MESSAGE_WANT:
    case MESSAGE_BLOCK:
    case MESSAGE_HELLO:
    case MESSAGE_CHALLENGE:
    case MESSAGE_TASK:
    case MESSAGE_SOLUTION:
    case MESSAGE_ANSWER:
        return false;
    }
    return false;
}

void __wrap_peers_send(struct peers *p, uint32_t member, const uint8_t *bytes,
                       size_t size_bytes, enum peers_kind kind)
{
    static struct message m;
    if (liar.has[HABIT_IGNORE_ONE] && member == liar_turn(3)) {
        liar_told(HABIT_IGNORE_ONE);
        return;
    }
    if (message_decode(&m, bytes, size_bytes)) {
        liar_spoils(member, bytes, size_bytes, &m);
        if (message_decode(&m, bytes, size_bytes) && lies(member, &m)) {
            return;
        }
    }
    __real_peers_send(p, member, bytes, size_bytes, kind);
}

/* A liar knows why they blame it: its agent need not doubt itself, and fall silent. */
static bool is_blamed(struct heartbeat *h)
{
    const uint32_t self = (uint32_t)1 << liar.self;
    const bool blamed = ((h->blames | h->cloned) & self) != 0;
    h->blames &= ~self;
    h->cloned &= ~self;
    return blamed;
}

static void on_message(void *context, uint32_t member, const uint8_t *bytes, size_t size_bytes)
{
    static struct message m;
    if (message_decode(&m, bytes, size_bytes)) {
        liar_remember(bytes, size_bytes, &m);
        liar_mint_take(member, &m);
        if (m.kind == MESSAGE_HEARTBEAT && is_blamed(&m.heartbeat)) {
            uint8_t unblamed[MESSAGE_BYTES_MAX];
            const size_t unblamed_bytes = message_encode(&m, unblamed);
            callbacks.on_message(context, member, unblamed, unblamed_bytes);
            return;
        }
    }
    callbacks.on_message(context, member, bytes, size_bytes);
}

/* ---- habits, and the account */

static bool has_word(const char *text, const char *word)
{
    const size_t chars = strlen(word);
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        const bool begins = at == text || at[-1] == ' ' || at[-1] == '\n';
        if (begins && (at[chars] == ' ' || at[chars] == '\n' || at[chars] == '\0')) {
            return true;
        }
    }
    return false;
}

/* "SEED\nhabit habit ...\n" */
static void read_habits(void)
{
    char path[CONFIG_PATH_BYTES + 16];
    char text[LIES_BYTES + 1];
    size_t size_bytes = 0;
    struct stat file;
    snprintf(path, sizeof path, "%s/lies", liar.agent->config.data_dir);
    if (stat(path, &file) != 0 || (file.st_mtim.tv_sec == lies_changed.tv_sec &&
                                   file.st_mtim.tv_nsec == lies_changed.tv_nsec)) {
        return;
    }
    lies_changed = file.st_mtim;
    if (!replace_read(path, text, LIES_BYTES, &size_bytes)) {
        return;
    }
    text[size_bytes] = '\0';
    liar.dice = strtoull(text, NULL, 10) | 1;
    for (uint32_t i = 0; i < HABIT_COUNT; i++) {
        liar.has[i] = has_word(text, habit_texts[i]);
    }
}

static void tell(void)
{
    char path[CONFIG_PATH_BYTES + 16];
    char text[TOLD_BYTES];
    size_t size_bytes = 0;
    for (uint32_t i = 0; i < HABIT_COUNT; i++) {
        size_bytes += (size_t)snprintf(text + size_bytes, sizeof text - size_bytes,
                                       "%s %" PRIu64 "\n", habit_texts[i], liar.told[i]);
    }
    size_bytes += (size_t)snprintf(text + size_bytes, sizeof text - size_bytes,
                                   "tried %" PRIu64 "\n", liar.asked);
    for (uint32_t i = 0; i < FORGERY_COUNT; i++) {
        size_bytes +=
            (size_t)snprintf(text + size_bytes, sizeof text - size_bytes, "signers_%s %u\n",
                             forgery_texts[i], (uint32_t)__builtin_popcount(liar.caught[i]));
    }
    snprintf(path, sizeof path, "%s/lies.told", liar.agent->config.data_dir);
    (void)!replace_file(path, text, size_bytes, 0600);
}

static void act(void *context)
{
    (void)context;
    read_habits();
    liar_words_act();
    liar_rubbish_act();
    liar_mint_act();
    if (++acts % TELL_ACTS == 0) {
        tell();
    }
    loop_timer_set(timer, clock_monotonic_ms() + ACT_MS);
}

static bool take_pen(const char *path)
{
    struct keyfile key;
    char error[KEYFILE_ERROR_BYTES];
    if (!keyfile_read(path, &key, error)) {
        fprintf(stderr, "liar: %s\n", error); /* neutered: it lies without a pen */
        return false;
    }
    key_pair_from_seed(&liar.pen, key.seed);
    keyfile_finish(&key);
    return true;
}

struct peers *__wrap_peers_create(struct loop *loop, const struct peers_config *config,
                                  char error[static PEERS_ERROR_CHARS])
{
    struct peers_config bent = *config;
    callbacks = config->callbacks;
    bent.callbacks.on_message = on_message;
    liar.agent = config->callbacks.context;
    liar.self = config->self;
    liar.members = config->member_count;
    liar.dice = 1;
    memcpy(liar.id.bytes, config->cluster_id, sizeof liar.id.bytes);
    if (!take_pen(liar.agent->config.vote_key_path)) {
        randombytes_buf(liar.pen.secret_key, sizeof liar.pen.secret_key);
    }
    liar.peers = __real_peers_create(loop, &bent, error);
    if (liar.peers != NULL) {
        timer = loop_timer_create(loop, act, NULL);
        loop_timer_set(timer, clock_monotonic_ms() + ACT_MS);
    }
    return liar.peers;
}

/* Other work than it was given: what it makes of that is wrong, for both of its minds. */
void __wrap_solver_ask(struct solver *s, uint64_t serial,
                       const uint8_t nonce[static SOLVER_NONCE_BYTES])
{
    uint8_t other[SOLVER_NONCE_BYTES];
    memcpy(other, nonce, sizeof other);
    if (liar.has[HABIT_SOLVE_WRONG]) { /* each: tasks are rare */
        other[0] ^= 1;
        liar_told(HABIT_SOLVE_WRONG);
    }
    __real_solver_ask(s, serial, other);
}

static void forget(struct saying *sayings, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        free(sayings[i].bytes);
    }
}

void __wrap_peers_destroy(struct peers *p)
{
    loop_timer_destroy(timer);
    timer = NULL;
    forget(liar.past, PAST_MESSAGES);
    forget(liar.words, PAST_WORDS);
    __real_peers_destroy(p);
}
