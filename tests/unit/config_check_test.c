#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

#include "agent/config.h"
#include "config_documents.h"
#include "node_yaml.h"

TestSuite(config_check, .init = node_yaml_begin, .fini = node_yaml_end);

/* Replaces the first member's keys by new ones, as `ostrakon keygen` makes them. */
static void found_with_own_keys(void)
{
    char error[KEYFILE_ERROR_BYTES];
    char text[4096] = CLUSTER_YAML;
    static const char *const names[] = {"data/transport.pem", "data/vote.pem"};
    static const char *const old[] = {KEY_3, KEY_4};
    for (size_t i = 0; i < 2; i++) {
        uint8_t key[PUBLIC_KEY_BYTES];
        char hex[2 * PUBLIC_KEY_BYTES + 1];
        cr_assert(keyfile_create(node_yaml_beside(names[i]), key, error), "%s", error);
        sodium_bin2hex(hex, sizeof hex, key, sizeof key);
        memcpy(strstr(text, old[i]), hex, sizeof hex - 1);
    }
    node_yaml_put("cluster.yaml", text);
}

static int check(char out[static 1024], char err[static 1024])
{
    FILE *out_file = fmemopen(out, 1024, "w");
    FILE *err_file = fmemopen(err, 1024, "w");
    const int code = config_check(node_yaml_path, out_file, err_file);
    fclose(out_file);
    fclose(err_file);
    return code;
}

Test(config_check, is_content_with_what_fits_together)
{
    char out[1024] = "";
    char err[1024] = "";
    found_with_own_keys();
    node_yaml_put("node.yaml", NODE_YAML "socket: a.sock\n"
                                         "hooks: {grant: [sh, -c, true]}\n");
    cr_assert(eq(int, check(out, err), 0), "%s", err);
    cr_assert(strcmp(err, "") == 0, "%s", err);
    cr_assert(strstr(out, ": ok: helios (node), one of 3 members of demo\ncluster id ") !=
              NULL);
    node_yaml_put("node.yaml",
                  "name: hera\ncluster: cluster.yaml\ndata_dir: data\njoins: true\n"
                  "listen: '[::1]:1'\nsocket: a.sock\n");
    cr_assert(eq(int, check(out, err), 0), "%s", err);
    cr_assert(strstr(out, ": ok: hera joins demo, of 3 members\ncluster id ") != NULL, "%s",
              out);
}

Test(config_check, compares_the_keys_with_the_clusters)
{
    char out[1024] = "";
    char err[1024] = "";
    found_with_own_keys();
    node_yaml_put("cluster.yaml", CLUSTER_YAML);
    node_yaml_put("node.yaml", NODE_YAML);
    cr_assert(eq(int, check(out, err), 78));
    cr_assert(strcmp(out, "") == 0);
    cr_assert(strstr(err, "data/transport.pem: this key is ") != NULL, "%s", err);
    cr_assert(strstr(err, "data/vote.pem: this key is ") != NULL, "%s", err);
    cr_assert(strstr(err, "gives helios the vote key ca93ac1705187071...") != NULL, "%s", err);
}

Test(config_check, misses_keys_directory_and_hooks)
{
    char out[1024] = "";
    char err[1024] = "";
    node_yaml_put("node.yaml",
                  "name: helios\ncluster: cluster.yaml\ndata_dir: cluster.yaml\n"
                  "hooks: {grant: [bin/nothing], neuter: [./], lock_out: [nosuchprogram], "
                  "standing: [cluster.yaml]}\n");
    cr_assert(eq(int, check(out, err), 78));
    cr_assert(strstr(err, "/cluster.yaml: data_dir: not a directory\n") != NULL, "%s", err);
    cr_assert(strstr(err, "latch_dir") == NULL, "%s", err);
    cr_assert(strstr(err, "/bin/nothing: hooks.grant: cannot be run: No such file") != NULL);
    cr_assert(strstr(err, "hooks.neuter: cannot be run: Is a directory") != NULL, "%s", err);
    cr_assert(strstr(err, "/node.yaml: hooks.lock_out: \"nosuchprogram\" is in no directory of "
                          "PATH; ") != NULL,
              "%s", err);
    cr_assert(strstr(err, "/node.yaml: hooks.standing: \"cluster.yaml\" is in no") != NULL);
    cr_assert(strstr(err, "vote.pem: cannot be read: Not a directory\n") != NULL, "%s", err);
}

Test(config_check, misses_the_directories_that_the_agent_does_not_make)
{
    char out[1024] = "";
    char err[1024] = "";
    found_with_own_keys();
    node_yaml_put("node.yaml", NODE_YAML "socket: a/b.sock\nlatch_dir: c/latch\n");
    cr_assert(eq(int, check(out, err), 78));
    cr_assert(strstr(err, "/a/b.sock: socket: cannot be written: No such file") != NULL, "%s",
              err);
    cr_assert(strstr(err, "/c/latch: latch_dir: cannot be written: No such file") != NULL);
    node_yaml_put("node.yaml", NODE_YAML "socket: node.yaml/b\nlatch_dir: node.yaml\n");
    cr_assert(eq(int, check(out, err), 78));
    cr_assert(strstr(err, "/b: socket: cannot be written: Not a directory") != NULL, "%s", err);
    cr_assert(strstr(err, "/node.yaml: latch_dir: not a directory\n") != NULL, "%s", err);
    node_yaml_put("node.yaml", NODE_YAML "socket: /run/no-ostrakon/b\nlatch_dir: latch/\n");
    cr_assert(eq(int, check(out, err), 0), "%s", err);
    cr_assert(strstr(err, "/run/no-ostrakon: warning: socket: there is no such directory; ") !=
                  NULL,
              "%s", err);
    cr_assert(strstr(err, "latch") == NULL, "%s", err);
}

Test(config_check, looks_at_the_certificates)
{
    char out[1024] = "";
    char err[1024] = "";
    found_with_own_keys();
    node_yaml_put("node.yaml",
                  NODE_YAML "certificates:\n- {purpose: https, file: nothing.pem}\n"
                            "- {purpose: mail, file: cluster.yaml}\n");
    cr_assert(eq(int, check(out, err), 78));
    cr_assert(strstr(err, "/nothing.pem: certificates: https: there is no such file\n") != NULL,
              "%s", err);
    cr_assert(strstr(err, "/cluster.yaml: certificates: mail: the file holds no certificate") !=
              NULL);
}

Test(config_check, warns_where_a_name_could_be_held_that_nothing_serves)
{
    static const char names[] = "names:\n- {service: www.example.org, owner: atlas}\n";
    char out[1024] = "";
    char err[1024] = "";
    node_yaml_put("cluster.yaml", CLUSTER_YAML);
    node_yaml_put("node.yaml", NODE_YAML);
    cr_assert(eq(int, check(out, err), 78)); /* it has no keys yet */
    cr_assert(strstr(err, "names") == NULL, "%s", err);
    char text[4096] = CLUSTER_YAML;
    strcat(text, names);
    node_yaml_put("cluster.yaml", text);
    check(out, err);
    cr_assert(strstr(err, "/node.yaml: warning: hooks: the cluster has names, and there is no "
                          "takeover and no release: ") != NULL,
              "%s", err);
    node_yaml_put("node.yaml", NODE_YAML "hooks: {release: [/bin/true]}\n");
    check(out, err);
    cr_assert(strstr(err, "there is no takeover: a name ") != NULL, "%s", err);
    node_yaml_put("node.yaml", NODE_YAML "hooks: {takeover: [/bin/true]}\n");
    check(out, err);
    cr_assert(strstr(err, "the cluster has names") == NULL, "%s", err);
    cr_assert(strstr(err, "takeover without release") != NULL, "%s", err);
}
