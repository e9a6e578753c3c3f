#include <assert.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/gate.h"

/* Something is damaged, and a step of the gate that would have told is left out: a branch goes
 * the other way, a call is not made, a constant is another one (faults.md, F24, and section 9,
 * combination 9). The digest of the gate's own code is made to look as it was sealed, or that
 * alone would always tell. The points are the machine's instructions, as gate_points lists
 * them; each is tried with each damage in a child. */

#define POINTS_MAX 512u
#define PAIRS 1000u /* of all that there are, which --pairs tries */
#define POINT_BYTES 8u

struct point {
    uint64_t place;
    uint32_t size_bytes;
    uint8_t bytes[POINT_BYTES];
};

static const char constant[] = "a constant that nobody reads but this test";
static const uint8_t seed[IDENTITY_SEED_BYTES] = "another seed of thirty-two bytes";
static const uint8_t body[] = "a vote for one block and no other";
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
static uint32_t own_part; /* of the code: the one that the gate itself is in */
static struct point points[POINTS_MAX];
static uint32_t point_count;
static uint64_t base; /* of the program, as it was loaded */
static enum bend bent;

static const struct statement statement = {
    .domain = "ostrakon/vote/1",
    .cluster_id = cluster_id,
    .body = body,
    .body_size_bytes = sizeof body,
};

static void bend(void *self, enum bend where, uint32_t index, void *bytes, size_t size_bytes)
{
    (void)self;
    if (where == BEND_CODE && index == own_part) {
        memcpy(bytes, gate.sealed_with.code.parts[index].digest, size_bytes);
    } else if (where == bent && where != BEND_CODE) {
        ((uint8_t *)bytes)[size_bytes / 2] ^= 1;
    }
}

static bool write_code(uint64_t place, const uint8_t *bytes, size_t size_bytes)
{
    const int memory = open("/proc/self/mem", O_RDWR);
    const bool done =
        memory >= 0 && pwrite(memory, bytes, size_bytes, (off_t)place) == (ssize_t)size_bytes;
    close(memory);
    return done;
}

/* ---- what may be damaged */

static void damage_sealed(void)
{
    gate.key->sealed[5] ^= 1;
}

static void damage_key(void)
{
    gate.key->public_key[7] ^= 1;
}

static void damage_copy(void)
{
    (void)sodium_mprotect_readwrite(gate.other);
    gate.other->public_key[7] ^= 1;
}

static void damage_configuration(void)
{
    configuration[9] ^= 1;
}

static void damage_member(void)
{
    basis.member ^= 1;
}

static void damage_node(void)
{
    basis.node = RESULT_FATAL;
}

static void damage_twin(void)
{
    basis.twin = RESULT_FATAL;
}

static void damage_cryptography(void)
{
    bent = BEND_CRYPTOGRAPHY;
}

static void damage_fill(void)
{
    bent = BEND_FILL;
}

static void damage_constant(void)
{
    (void)!write_code((uint64_t)(uintptr_t)constant + 5, (const uint8_t *)"!", 1);
}

/* Of a copy of the public key nothing is told by a signature that is right all the same. */
static const struct {
    const char *name;
    void (*damage)(void);
    bool harms;
} damages[] = {
    {"the sealed key", damage_sealed, true}, {"the public key", damage_key, false},
    {"its copy", damage_copy, false},        {"the configuration", damage_configuration, true},
    {"the member", damage_member, true},     {"the state", damage_node, true},
    {"the twin's state", damage_twin, true}, {"cryptography", damage_cryptography, true},
    {"arithmetic", damage_fill, true},       {"a constant", damage_constant, true},
};
enum { DAMAGES = sizeof damages / sizeof damages[0] };

/* ---- trials */

/* True: a signature that others would take, made in spite of the damage. */
static bool signs(uint32_t damage, const struct point *a, const struct point *b)
{
    static uint8_t *signature;
    if (signature == NULL) {
        signature = mmap(NULL, SIGNATURE_BYTES, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        assert(signature != MAP_FAILED);
    }
    memset(signature, 0, SIGNATURE_BYTES);
    fflush(stdout);
    const pid_t child = fork();
    assert(child >= 0);
    if (child == 0) {
        struct finding why;
        const struct itimerval most = {.it_value = {.tv_usec = 50000}}; /* of the processor */
        setitimer(ITIMER_PROF, &most, NULL);
        (void)!freopen("/dev/null", "w", stderr);
        if (damage < DAMAGES) {
            damages[damage].damage();
        }
        bool done = a == NULL || write_code(a->place, a->bytes, a->size_bytes);
        done = done && (b == NULL || write_code(b->place, b->bytes, b->size_bytes));
        if (done && gate_begin(&gate, &basis, &why)) {
            (void)!gate_sign(&gate, &statement, &statement, signature, &why);
        }
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    return signature_verify(public_key, &statement, signature);
}

static uint32_t try_singles(void)
{
    uint32_t through = 0;
    for (uint32_t d = 0; d < DAMAGES; d++) {
        for (uint32_t i = 0; i < point_count; i++) {
            if (signs(d, &points[i], NULL) && damages[d].harms) {
                through++;
                printf("# damaged is %s, and point %u is left out: signed\n", damages[d].name,
                       i);
            }
        }
    }
    return through;
}

/* Those that were tried, and those that got through. */
struct pairs {
    uint32_t tried;
    uint32_t through;
};

static void try_pair(struct pairs *p, uint32_t damage, uint32_t a, uint32_t b)
{
    p->tried++;
    if (signs(damage, &points[a], &points[b]) && damages[damage].harms) {
        p->through++;
        printf("# damaged is %s, and points %u (%llx) and %u (%llx) are left out: signed\n",
               damages[damage].name, a, (unsigned long long)(points[a].place - base), b,
               (unsigned long long)(points[b].place - base));
    }
}

static struct pairs try_some_pairs(void)
{
    uint64_t random = 1;
    struct pairs p = {0};
    while (p.tried < PAIRS) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const uint32_t a = (uint32_t)(random >> 33) % point_count;
        const uint32_t b = (a + 1 + (uint32_t)(random >> 48) % (point_count - 1)) % point_count;
        try_pair(&p, (uint32_t)(random >> 40) % DAMAGES, a, b);
    }
    return p;
}

static struct pairs try_all_pairs(void)
{
    struct pairs p = {0};
    for (uint32_t a = 0; a < point_count; a++) {
        for (uint32_t b = a + 1; b < point_count; b++) {
            for (uint32_t d = 0; d < DAMAGES; d++) {
                try_pair(&p, d, a, b);
            }
        }
        printf("# %u of %u points with all later ones: %u pairs tried, %u signed\n", a + 1,
               point_count, p.tried, p.through);
        fflush(stdout);
    }
    return p;
}

static int take_base(struct dl_phdr_info *info, size_t size_bytes, void *out)
{
    (void)size_bytes;
    *(uint64_t *)out = info->dlpi_addr;
    return 1; /* the program is the first */
}

/* Lines of address and bytes, hexadecimal. */
static void read_points(void)
{
    char text[2 * POINT_BYTES + 1];
    dl_iterate_phdr(take_base, &base);
    for (; point_count < POINTS_MAX; point_count++) {
        struct point *p = &points[point_count];
        unsigned long place;
        size_t size_bytes;
        if (scanf("%lx %16s", &place, text) != 2 ||
            sodium_hex2bin(p->bytes, sizeof p->bytes, text, strlen(text), NULL, &size_bytes,
                           NULL) != 0) {
            break;
        }
        p->place = base + place;
        p->size_bytes = (uint32_t)size_bytes;
    }
}

static void find_own_part(void)
{
    const uint64_t here = (uint64_t)(uintptr_t)&gate_begin;
    for (uint32_t i = 0; i < gate.sealed_with.code.count; i++) {
        const struct code_part *part = &gate.sealed_with.code.parts[i];
        if (here >= part->from && here - part->from < part->size_bytes) {
            own_part = i;
        }
    }
}

int main(int argc, char **argv)
{
    struct seams seams = seams_of_machine();
    struct finding why;
    struct key_pair pair;
    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    key_pair_from_seed(&pair, seed);
    memcpy(public_key, pair.public_key, sizeof public_key);
    key_pair_wipe(&pair);
    read_points();
    const bool sealed = gate_seal(&gate, &seams, &basis, seed, &why);
    find_own_part();
    gate.seams.bend = bend;
    bent = BEND_CODE;
    printf("1..4\n%sok 1 - undamaged it signs, and there are %u points\n",
           sealed && point_count >= 60 && signs(DAMAGES, NULL, NULL) ? "" : "not ",
           point_count);
    uint32_t caught = 0;
    for (uint32_t d = 0; d < DAMAGES; d++) {
        caught += !signs(d, NULL, NULL);
    }
    printf("%sok 2 - with any damage it does not\n", caught == DAMAGES ? "" : "not ");
    const uint32_t singles = try_singles();
    printf("%sok 3 - nor with any damage and any one point left out (%u of %u)\n",
           singles == 0 ? "" : "not ", singles, DAMAGES * point_count);
    const bool all = argc == 2 && strcmp(argv[1], "--pairs") == 0;
    const struct pairs pairs = all ? try_all_pairs() : try_some_pairs();
    const bool few = pairs.through <= pairs.tried / 100;
    printf("%sok 4 - nor, but in one of a hundred, with two (%u of %u)\n", few ? "" : "not ",
           pairs.through, pairs.tried);
    gate_finish(&gate);
    return sealed && caught == DAMAGES && singles == 0 && few ? EXIT_SUCCESS : EXIT_FAILURE;
}
