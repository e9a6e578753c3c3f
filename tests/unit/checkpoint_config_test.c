#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

#include "config_documents.h"
#include "node_yaml.h"

/* `checkpoint` in node.yaml. */

TestSuite(checkpoint_config, .init = node_yaml_begin, .fini = node_yaml_end);

#define HASH_HEX "0a1b2c3d4e5f60718293a4b5c6d7e8f9000102030405060708090a0b0c0d0e0F"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

/* As `ostrakon cluster checkpoint` prints it. */
static const char *report_of_checkpoint(const char *id, const char *height, const char *hash,
                                        struct node_config *c)
{
    char text[512];
    snprintf(text, sizeof text,
             NODE_YAML "checkpoint: {cluster_id: %s, height: %s, hash: %s}\n", id, height,
             hash);
    return node_yaml_report(text, c);
}

/* That of the file beside it. */
static const char *own_id(void)
{
    static struct node_config c;
    static char hex[2 * HASH_BYTES + 1];
    cr_assert(strcmp(node_yaml_report(NODE_YAML, &c), "") == 0);
    cr_assert(eq(u64, c.checkpoint.height, 0));
    const struct hash id = founding_id(&c.founding);
    return sodium_bin2hex(hex, sizeof hex, id.bytes, sizeof id.bytes);
}

Test(checkpoint_config, takes_the_line_that_cluster_checkpoint_prints)
{
    static struct node_config c;
    const char *report = report_of_checkpoint(own_id(), "48213", HASH_HEX, &c);
    cr_assert(strcmp(report, "") == 0, "%s", report);
    cr_assert(eq(u64, c.checkpoint.height, 48213));
    cr_assert(c.checkpoint.hash.bytes[0] == 0x0a && c.checkpoint.hash.bytes[31] == 0x0f);
    report = report_of_checkpoint(own_id(), "9007199254740992", HASH_HEX, &c);
    cr_assert(strcmp(report, "") == 0 && c.checkpoint.height == 1ull << 53, "%s", report);
}

Test(checkpoint_config, says_what_is_wrong_with_a_checkpoint)
{
#define NO_HEIGHT "is not the height of a block, from 1\n"
#define NO_HASH "is not the 64 hexadecimal digits of that block\n"
    static const char *const cases[][3] = {
        {"0", HASH_HEX, "node.yaml:4:100: height: \"0\" " NO_HEIGHT},
        {"9007199254740993", HASH_HEX,
         "node.yaml:4:100: height: \"9007199254740993\" " NO_HEIGHT},
        {"-1", "ab",
         "node.yaml:4:100: height: \"-1\" " NO_HEIGHT "node.yaml:4:110: hash: \"ab\" " NO_HASH},
        {"1", ZEROS, "node.yaml:4:109: hash: \"" ZEROS "\" " NO_HASH},
    };
    static struct node_config c;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *report = report_of_checkpoint(own_id(), cases[i][0], cases[i][1], &c);
        cr_expect(strcmp(report, cases[i][2]) == 0, "%zu:\n%s", i, report);
        cr_expect(eq(u64, c.checkpoint.height, 0));
    }
    const char *report =
        node_yaml_report(NODE_YAML "checkpoint: {height: 1, cluster_id: x}\n", &c);
    cr_expect(strcmp(report,
                     "node.yaml:4:13: hash: missing; expected the 64 hexadecimal digits "
                     "of that block\n") == 0,
              "%s", report);
    report = node_yaml_report(NODE_YAML "checkpoint: 48213\n", &c);
    cr_expect(strcmp(report, "node.yaml:4:13: checkpoint: a value; expected the line that "
                             "ostrakon cluster checkpoint prints on another member\n") == 0,
              "%s", report);
}

/* Else it would stop this cluster at the same height. */
Test(checkpoint_config, takes_no_checkpoint_of_another_cluster)
{
    static struct node_config c;
    const char *report = report_of_checkpoint("ab", "1", HASH_HEX, &c);
    cr_expect(strcmp(report, "node.yaml:4:26: cluster_id: \"ab\" is not the 64 hexadecimal "
                             "digits of a cluster's id\n") == 0,
              "%s", report);
    report = report_of_checkpoint(HASH_HEX, "1", HASH_HEX, &c);
    cr_expect(strcmp(report, "node.yaml:4:26: cluster_id: the checkpoint is of another cluster "
                             "than that of cluster.yaml\n") == 0,
              "%s", report);
    node_yaml_put("cluster.yaml",
                  CLUSTER_YAML "rebuilt: {from: " HASH_HEX
                               ", height: 7, next_window: 29, fence: 501, term: 1001}\n");
    report = report_of_checkpoint(HASH_HEX, "1", HASH_HEX, &c);
    cr_expect(strcmp(report,
                     "node.yaml:4:26: warning: cluster_id: the checkpoint is of another "
                     "cluster, as of one before it was rebuilt: it says nothing of this "
                     "one\n") == 0,
              "%s", report);
    cr_expect(eq(u64, c.checkpoint.height, 0));
    report = report_of_checkpoint(own_id(), "1", HASH_HEX, &c);
    cr_expect(strcmp(report, "") == 0 && c.checkpoint.height == 1, "%s", report);
}
