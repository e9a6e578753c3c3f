#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "agent/config.h"
#include "config_documents.h"

static bool same(const char *actual, const char *expected)
{
    if (expected == NULL || strcmp(actual, expected) != 0) {
        fprintf(stderr, "  is: %s\nnot: %s\n", actual, expected == NULL ? "-" : expected);
        return false;
    }
    return true;
}

/* `text` with the first `find` replaced. The caller frees. */
static char *with(const char *text, const char *find, const char *replacement)
{
    const char *at = strstr(text, find);
    cr_assert(at != NULL, "\"%s\" is not in the document", find);
    if (at == NULL) {
        return NULL; /* cr_assert does not return, which analysers do not know */
    }
    char *changed = malloc(strlen(text) + strlen(replacement) + 1);
    sprintf(changed, "%.*s%s%s", (int)(at - text), text, replacement, at + strlen(find));
    return changed;
}

static bool parse(const char *text, struct founding *f, struct config_report *report)
{
    *report = (struct config_report){0};
    return cluster_config_parse("c.yaml", text, strlen(text), f, report);
}

Test(cluster_config, reads_what_the_file_says)
{
    struct founding f;
    struct config_report report;
    cr_assert(parse(CLUSTER_YAML, &f, &report), "%s", report.text);
    cr_assert(same(report.text, ""));
    cr_assert(same(f.name, "demo"));
    cr_assert(eq(u64, f.founded_ms, 1795329000000));
    cr_assert(eq(u32, f.timing.tick_ms, 5000));
    cr_assert(eq(u32, f.timing.record_ticks, 36));
    cr_assert(eq(u32, f.malfunctioning_max, MEMBERS_MAX));
    cr_assert(f.audit_required);
    cr_assert(eq(u32, f.member_count, 3));
    cr_assert(same(f.members[2].name, "argus"));
    cr_assert(f.members[2].role == ROLE_WITNESS);
    cr_assert(same(f.members[2].address, "127.0.0.1:7103"));
    cr_assert(eq(u8, f.members[0].transport_key[0], 0x8a));
    cr_assert(eq(u8, f.members[2].vote_key[31], 0x17));
}

Test(cluster_config, reads_the_names_of_the_service)
{
    struct founding f;
    struct config_report report;
    char *text = with(CLUSTER_YAML, "members:\n",
                      "names:\n  - service: www.example.org\n    owner: helios\n"
                      "  - service: balanced\n    owner: atlas\n    exclusive: no\n"
                      "members:\n");
    cr_assert(parse(text, &f, &report), "%s", report.text);
    free(text);
    cr_assert(same(report.text, ""));
    cr_assert(eq(u32, f.name_count, 2));
    cr_assert(same(f.names[0].name, "www.example.org"));
    cr_assert(eq(u32, f.names[0].owner, 1));
    cr_assert(f.names[0].exclusive && !f.names[1].exclusive);
    cr_assert(eq(u32, f.timing.name_lease_s, 20));
}

Test(cluster_config, has_one_id_whatever_its_layout)
{
    struct founding f, g;
    struct config_report report;
    cr_assert(parse(CLUSTER_YAML, &f, &report));
    const struct hash id = founding_id(&f);
    const char *const layouts[][2] = {
        {"cluster: demo", "# a comment\ncluster: 'demo'"},
        {"timing:\n  tick_ms: 5000\n  delta_ms: 100\n", ""},
        {"audit: required\n", ""},
        {"06:30:00.000Z", "06:30:00Z"},
        {"transport_key: 8a88e3dd", "transport_key: 8A88E3DD"},
    };
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        char *text = with(CLUSTER_YAML, layouts[i][0], layouts[i][1]);
        cr_assert(parse(text, &g, &report), "%s: %s", layouts[i][1], report.text);
        const struct hash other = founding_id(&g);
        cr_assert(hash_equal(&id, &other), "%s", layouts[i][1]);
        free(text);
    }
    char *text = with(CLUSTER_YAML, "30:00.000Z", "30:00.001Z");
    cr_assert(parse(text, &g, &report));
    const struct hash other = founding_id(&g);
    cr_assert(not(hash_equal(&id, &other)));
    free(text);
}

/* One change to a sound document, and the whole report. */
static const struct {
    const char *find, *replacement, *report;
} bad[] = {
#include "cluster_config_cases.inc"
};

Test(cluster_config, says_where_and_what_is_wrong)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct founding f;
        struct config_report report;
        char *text = with(CLUSTER_YAML, bad[i].find, bad[i].replacement);
        const bool taken = parse(text, &f, &report);
        cr_expect(same(report.text, bad[i].report), "%s", bad[i].replacement);
        cr_expect(taken == (report.fault_count == 0), "%s", bad[i].replacement);
        free(text);
    }
}

Test(cluster_config, takes_a_piece_only_if_it_is_a_document)
{
    const size_t whole = strstr(CLUSTER_YAML, "  - name: argus") - CLUSTER_YAML;
    for (size_t size = 0; size < sizeof CLUSTER_YAML - 2; size++) {
        struct founding f;
        struct config_report report = {0};
        const bool taken = cluster_config_parse("c.yaml", CLUSTER_YAML, size, &f, &report);
        const bool two_members = size >= whole - 1 && size <= whole + 2;
        cr_assert(taken == two_members, "%zu bytes", size);
        cr_assert(taken == (report.fault_count == 0));
    }
}

/* Rubbish must be answered, and soon: deep nesting, endless keys, no keys. */
Test(cluster_config, survives_rubbish, .timeout = 20)
{
    static char bytes[CONFIG_FILE_BYTES_MAX];
    static const char *const patterns[] = {"[",  "{",    "- ", "a: \n", "\xff", "? ", "&a ",
                                           "\"", "{a: ", "*a", "\n",    "!",    "%",  "---\n"};
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        const size_t size = strlen(patterns[i]);
        const size_t used = sizeof bytes / size * size;
        for (size_t at = 0; at < used; at += size) {
            memcpy(bytes + at, patterns[i], size);
        }
        struct founding f;
        struct config_report report = {0};
        cr_assert(not(cluster_config_parse("c.yaml", bytes, used, &f, &report)), "%s",
                  patterns[i]);
    }
}

Test(cluster_config, takes_sixteen_members_and_no_more)
{
    for (uint32_t count = 16; count <= 17; count++) {
        char text[8192] = "cluster: big\nfounded: 2026-11-22T06:30:00Z\nmembers: [";
        for (uint32_t i = 0; i < count; i++) {
            sprintf(text + strlen(text),
                    "{name: m%u, role: node, address: '[::1]:%u', transport_key: " KEY_1
                    ", vote_key: " KEY_2 "},",
                    i, 7000 + i);
        }
        sprintf(text + strlen(text), "]");
        struct founding f;
        struct config_report report;
        cr_assert(not(parse(text, &f, &report))); /* the keys are all the same */
        const bool too_many = strstr(report.text, "17 are given, at most 16 are possible");
        cr_assert(too_many == (count == 17));
        cr_assert(strstr(report.text, "address") == NULL, "%s", report.text);
    }
}

Test(cluster_config, says_why_a_file_cannot_be_read)
{
    static const char *const cases[][2] = {
        {"/nonexistent/c.yaml",
         "/nonexistent/c.yaml: cannot be read: No such file or directory\n"},
        {"/dev/zero", "/dev/zero: not a regular file\n"},
        {"/", "/: not a regular file\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct founding f;
        struct config_report report = {0};
        cr_assert(not(cluster_config_read(cases[i][0], &f, &report)));
        cr_assert(same(report.text, cases[i][1]));
    }
}

Test(cluster_config, refuses_a_file_beyond_a_mebibyte)
{
    char path[] = "/tmp/ostrakon-config-XXXXXX";
    const int fd = mkstemp(path);
    cr_assert(fd >= 0);
    FILE *file = fdopen(fd, "w");
    cr_assert(file != NULL);
    for (uint32_t i = 0; i <= CONFIG_FILE_BYTES_MAX / 16; i++) {
        fputs("# a comment....\n", file);
    }
    fclose(file);
    struct founding f;
    struct config_report report = {0};
    cr_assert(not(cluster_config_read(path, &f, &report)));
    cr_assert(strstr(report.text, "bigger than 1 MiB") != NULL, "%s", report.text);
    unlink(path);
}

Test(address, has_one_spelling)
{
    static const char *const cases[][2] = {
        {"127.0.0.1:7101", "127.0.0.1:7101"},
        {"[::1]:7101", "[::1]:7101"},
        {"[2001:DB8:0:0::1]:65535", "[2001:db8::1]:65535"},
        {"127.0.0.1", NULL},
        {"127.0.0.1:0", NULL},
        {"127.0.0.1:65536", NULL},
        {"127.0.0.1:07101", NULL},
        {"127.0.0.1:+1", NULL},
        {"127.0.0.1: 1", NULL},
        {"127.0.0.01:7101", NULL},
        {"127.1:7101", NULL},
        {"localhost:7101", NULL},
        {"::1:7101", NULL},
        {"[::1]", NULL},
        {"[::1%lo]:7101", NULL},
        {"[127.0.0.1]:7101", NULL},
        {":7101", NULL},
        {"[]:1", NULL},
        {"[:1", NULL},
        {"", NULL},
        {"[", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[ADDRESS_SIZE_BYTES];
        const bool taken = address_canonical(cases[i][0], out);
        cr_expect(taken == (cases[i][1] != NULL), "%s", cases[i][0]);
        if (taken) {
            cr_expect(same(out, cases[i][1]), "%s", cases[i][0]);
        }
    }
}
