#include <assert.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/gate.h"
#include "health/self.h"

/* The gate in this very process, without Criterion, which writes into its own text: it signs,
 * and after one bit of anything it rests on was turned there is no signature. */

static const uint8_t seed[IDENTITY_SEED_BYTES] = "a seed of thirty-two bytes or so";
static const uint8_t body[] = "a vote for one block and no other";

/* Never called: a flip in it harms nobody. */
__attribute__((noinline, used)) static uint64_t bystander(uint64_t x)
{
    for (uint32_t i = 0; i < 64; i++) {
        x = x * UINT64_C(0x9e3779b97f4a7c15) + i;
    }
    return x;
}

static const char constant[] = "a constant that nobody reads but this test";
static const char *const relocated[] = {constant, constant + 1, constant + 2};

static uint8_t cluster_id[32] = {1, 2, 3};
static uint8_t configuration[64] = {4, 5, 6};
static struct seal_basis basis = {
    .cluster_id = cluster_id,
    .member = 3,
    .configuration = configuration,
    .configuration_bytes = sizeof configuration,
    .node = RESULT_OK,
    .twin = RESULT_OK,
};
static struct gate gate;
static uint8_t public_key[IDENTITY_KEY_BYTES];
static uint32_t number;
static int failed;

static void check(bool good, const char *what)
{
    printf("%sok %u - %s\n", good ? "" : "not ", ++number, what);
    fflush(stdout);
    failed |= !good;
}

/* True: there is a signature, and it is one. */
static bool make(uint8_t signature[static SIGNATURE_BYTES], struct finding *why)
{
    const struct statement statement = {
        .domain = "ostrakon/vote/1",
        .cluster_id = cluster_id,
        .body = body,
        .body_size_bytes = sizeof body,
    };
    const bool made = gate_begin(&gate, &basis, why) &&
                      gate_sign(&gate, &statement, &statement, signature, why);
    gate_end(&gate);
    return made && signature_verify(public_key, &statement, signature);
}

static bool signs(void)
{
    uint8_t signature[SIGNATURE_BYTES];
    struct finding why;
    return make(signature, &why);
}

static bool is_refused(uint32_t id, enum reference_result result)
{
    uint8_t signature[SIGNATURE_BYTES] = {0};
    struct finding why = {0};
    const bool made = make(signature, &why);
    return !made && why.id == id && why.result == result &&
           sodium_is_zero(signature, sizeof signature) == 1;
}

/* Each bit turned, and turned back; of much, each fifth. */
static bool guards(uint8_t *bytes, size_t size_bytes)
{
    bool good = true;
    for (size_t bit = 0; bit<8 * size_bytes; bit += size_bytes> 32 ? 5 : 1) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        good = is_refused(5, RESULT_FATAL) && good;
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    return good && signs();
}

static bool turn(uint64_t place, uint32_t bit)
{
    uint8_t byte = 0;
    const int memory = open("/proc/self/mem", O_RDWR);
    bool done = memory >= 0 && pread(memory, &byte, 1, (off_t)place) == 1;
    byte ^= (uint8_t)(1u << bit);
    done = done && pwrite(memory, &byte, 1, (off_t)place) == 1;
    close(memory);
    return done;
}

static bool guards_place(const void *place, uint32_t id)
{
    const uint64_t address = (uint64_t)(uintptr_t)place;
    const bool refused = turn(address, 3) && is_refused(id, RESULT_FATAL);
    return turn(address, 3) && refused && signs();
}

/* Each bit of what is signed, turned after both minds had agreed on it (faults.md, F28). */
static bool guards_words(void)
{
    uint8_t words[sizeof body];
    uint8_t signature[SIGNATURE_BYTES];
    struct finding why;
    struct statement meant = {.domain = "ostrakon/vote/1",
                              .cluster_id = cluster_id,
                              .body = body,
                              .body_size_bytes = sizeof body};
    struct statement changed = meant;
    changed.body = words;
    bool good = gate_begin(&gate, &basis, &why);
    for (uint32_t bit = 0; bit < 8 * sizeof body; bit++) {
        memcpy(words, body, sizeof body);
        words[bit / 8] ^= (uint8_t)(1u << bit % 8);
        const bool made = gate_sign(&gate, &changed, &meant, signature, &why);
        good = good && !made && why.id == 17 && sodium_is_zero(signature, sizeof signature);
    }
    changed.body = body;
    changed.body_size_bytes--;
    good = good && !gate_sign(&gate, &changed, &meant, signature, &why) && why.id == 17;
    gate_end(&gate);
    return good && signs();
}

static enum bend bent;

static void bend(void *self, enum bend where, uint32_t index, void *bytes, size_t size_bytes)
{
    (void)self;
    (void)index;
    if (where == bent) {
        ((uint8_t *)bytes)[size_bytes / 2] ^= 1;
    }
}

static bool guards_answer(enum bend where, uint32_t id)
{
    bent = where;
    gate.seams.bend = bend;
    const bool refused = is_refused(id, RESULT_FATAL);
    gate.seams.bend = NULL;
    return refused && signs();
}

/* A place anywhere in the code that was measured, other each time, the same in each run. */
static uint64_t some_place(const struct code_core *code, uint64_t *random)
{
    uint64_t at = 0;
    uint64_t size_bytes = 0;
    for (uint32_t i = 0; i < code->count; i++) {
        size_bytes += code->parts[i].size_bytes;
    }
    assert(size_bytes > 0);
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    at = (*random >> 20) % size_bytes;
    for (uint32_t i = 0; i < code->count; i++) {
        if (at < code->parts[i].size_bytes) {
            return code->parts[i].from + at;
        }
        at -= code->parts[i].size_bytes;
    }
    return 0;
}

struct trial {
    uint8_t turned;
    uint8_t signature[SIGNATURE_BYTES];
};

/* A child with that bit turned tries to sign: it may do what it likes, but the signature. */
static void try_in_child(struct trial *shared, uint64_t place, uint32_t bit)
{
    memset(shared, 0, sizeof *shared);
    const pid_t child = fork();
    if (child == 0) {
        struct finding why;
        alarm(10);
        (void)!freopen("/dev/null", "w", stderr);
        shared->turned = turn(place, bit);
        (void)!make(shared->signature, &why);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
}

static bool guards_code(uint32_t trials)
{
    const struct statement statement = {
        .domain = "ostrakon/vote/1",
        .cluster_id = cluster_id,
        .body = body,
        .body_size_bytes = sizeof body,
    };
    struct trial *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t random = 1;
    uint32_t turned = 0;
    uint32_t made = 0;
    for (uint32_t i = 0; i < trials; i++) {
        const uint64_t place = some_place(&gate.sealed_with.code, &random);
        try_in_child(shared, place, (uint32_t)(random >> 60) & 7);
        turned += shared->turned;
        made += signature_verify(public_key, &statement, shared->signature);
    }
    printf("# %u bits turned in %u places of the code, %u signatures\n", turned, trials, made);
    return turned >= trials - trials / 20 && made == 0;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void tell_cost(void)
{
    uint64_t least_ns = UINT64_MAX;
    uint64_t size_bytes = 0;
    for (uint32_t i = 0; i < 50; i++) {
        const uint64_t from_ns = now_ns();
        (void)!signs();
        const uint64_t took_ns = now_ns() - from_ns;
        least_ns = took_ns < least_ns ? took_ns : least_ns;
    }
    for (uint32_t i = 0; i < gate.sealed_with.code.count; i++) {
        size_bytes += gate.sealed_with.code.parts[i].size_bytes;
    }
    printf("# %llu us a signature at the gate, with %llu KiB of code\n",
           (unsigned long long)least_ns / 1000, (unsigned long long)size_bytes / 1024);
}

static bool seals(const struct seams *seams)
{
    struct finding why;
    gate_finish(&gate);
    return gate_seal(&gate, seams, &basis, seed, &why);
}

static bool finds_no_seed(void)
{
    uint8_t zero[sizeof gate.key->pair] = {0};
    return memcmp(gate.key->sealed, seed, sizeof seed) != 0 &&
           memcmp(&gate.key->pair, zero, sizeof zero) == 0;
}

static void check_sealing(struct seams seams)
{
    bent = BEND_FILL;
    seams.bend = bend;
    check(!seals(&seams), "a key is not sealed with a wrong answer of R11");
    bent = BEND_CRYPTOGRAPHY;
    check(!seals(&seams), "nor with one of R16");
    seams.bend = NULL;
    basis.twin = RESULT_FATAL;
    check(!seals(&seams), "nor while the state is damaged");
    basis.twin = RESULT_OK;
    check(seals(&seams) && signs(), "but when all is right");
    check(finds_no_seed(), "and then lies in memory under its mask alone");
}

int main(void)
{
    const struct seams seams = seams_of_machine();
    struct key_pair pair;
    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    key_pair_from_seed(&pair, seed);
    memcpy(public_key, pair.public_key, sizeof public_key);
    key_pair_wipe(&pair);
    printf("1..21\n");
    check_sealing(seams);
    check(guards(gate.key->sealed, sizeof gate.key->sealed), "each bit of the sealed key");
    check(guards(gate.key->public_key, IDENTITY_KEY_BYTES), "each bit of the public key");
    (void)sodium_mprotect_readwrite(gate.other);
    check(guards(gate.other->public_key, IDENTITY_KEY_BYTES), "each bit of its copy");
    check(guards(configuration, sizeof configuration), "bits of the configuration");
    check(guards((uint8_t *)&basis.member, sizeof basis.member), "each bit of the member");
    basis.node = RESULT_FATAL;
    check(is_refused(1, RESULT_FATAL), "no signature when the state is damaged");
    basis.node = RESULT_OK;
    check(guards_answer(BEND_CODE, 6), "nor with another digest of the code");
    check(guards_answer(BEND_CRYPTOGRAPHY, 16), "nor with a wrong answer of R16");
    check(guards_answer(BEND_FILL, 11), "nor with one of R11");
    check(guards_place((const char *)(uintptr_t)bystander + 9, 6), "nor with changed text");
    check(guards_place(constant + 5, 6), "nor with a changed constant");
    check(guards_place(&relocated[1], 6), "nor with a changed pointer of the loader's");
    check(guards_words(), "nor of words that changed after both minds agreed on them");
    check(guards_code(200), "nor with a bit turned anywhere in the code");
    tell_cost();
    check(gate_wipe(&gate) && !gate_has_key(&gate), "what is wiped reads as zero");
    check(is_refused(5, RESULT_FATAL), "and signs no more");
    gate_finish(&gate);
    return failed;
}
