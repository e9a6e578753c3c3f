#include "node_yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <sodium.h>

#include "config_documents.h"

static char directory[] = "/tmp/ostrakon-node-XXXXXX";
char node_yaml_path[128];

const char *node_yaml_beside(const char *name)
{
    static char text[256];
    snprintf(text, sizeof text, "%s/%s", directory, name);
    return text;
}

void node_yaml_put(const char *name, const char *text)
{
    FILE *file = fopen(node_yaml_beside(name), "w");
    cr_assert(file != NULL);
    if (file != NULL) {
        fputs(text, file);
        fclose(file);
    }
}

void node_yaml_begin(void)
{
    cr_assert(sodium_init() >= 0);
    cr_assert(mkdtemp(directory) != NULL);
    snprintf(node_yaml_path, sizeof node_yaml_path, "%s/node.yaml", directory);
    node_yaml_put("cluster.yaml", CLUSTER_YAML);
    cr_assert(mkdir(node_yaml_beside("data"), 0700) == 0);
}

void node_yaml_end(void)
{
    static const char *const names[] = {"data/vote.pem", "data/transport.pem", "node.yaml",
                                        "cluster.yaml"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unlink(node_yaml_beside(names[i]));
    }
    rmdir(node_yaml_beside("data"));
    rmdir(directory);
}

const char *node_yaml_report(const char *text, struct node_config *c)
{
    static struct config_report report;
    static char shown[CONFIG_REPORT_BYTES];
    report = (struct config_report){0};
    node_yaml_put("node.yaml", text);
    const bool taken = node_config_read(node_yaml_path, c, &report);
    cr_expect(taken == (report.fault_count == 0));
    size_t used = 0;
    const size_t prefix = strlen(directory) + 1;
    for (const char *at = report.text; *at != '\0';) {
        if (strncmp(at, directory, prefix - 1) == 0) {
            at += prefix;
        } else {
            shown[used++] = *at++;
        }
    }
    shown[used] = '\0';
    return shown;
}
