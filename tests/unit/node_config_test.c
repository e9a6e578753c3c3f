#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "agent/config.h"
#include "config_documents.h"
#include "node_yaml.h"

TestSuite(node_config, .init = node_yaml_begin, .fini = node_yaml_end);

Test(node_config, has_defaults)
{
    struct node_config c;
    cr_assert(strcmp(node_yaml_report(NODE_YAML, &c), "") == 0);
    cr_assert(eq(u32, c.member, 1));
    cr_assert(strcmp(c.listen, "127.0.0.1:7102") == 0);
    cr_assert(strcmp(c.api, "127.0.0.1:7180") == 0);
    cr_assert(strcmp(c.socket, "/run/ostrakon/agent.sock") == 0);
    cr_assert(strcmp(c.data_dir, node_yaml_beside("data")) == 0);
    cr_assert(strcmp(c.latch_dir, node_yaml_beside("data/latch.d")) == 0);
    cr_assert(strcmp(c.vote_key_path, node_yaml_beside("data/vote.pem")) == 0);
    cr_assert(eq(u32, c.grant.count, 0));
    cr_assert(c.log_level == LOG_LEVEL_INFO);
    cr_assert(strcmp(c.token_path, "") == 0);
    cr_assert(strcmp(c.trust_path, node_yaml_beside("data/trust.json")) == 0);
    cr_assert(strcmp(c.founding.name, "demo") == 0 && !c.joins);
    node_yaml_report("name: hera\ncluster: cluster.yaml\ndata_dir: data\njoins: true\n"
                     "listen: '[::1]:1'\n",
                     &c);
    cr_assert(c.joins && c.member == MEMBERS_MAX - 1);
}

Test(node_config, takes_one_port_twice_where_there_is_room_for_both)
{
    struct node_config c;
    const char *report =
        node_yaml_report(NODE_YAML "listen: '[::1]:7180'\napi: 0.0.0.0:7180\n", &c);
    cr_assert(strcmp(report, "") == 0, "%s", report);
    report = node_yaml_report(NODE_YAML "listen: 192.0.2.1:7180\n", &c);
    cr_assert(strcmp(report, "") == 0, "%s", report);
}

Test(node_config, takes_what_is_given)
{
    struct node_config c;
    const char *argv[HOOK_WORDS_MAX + 1];
    const char *report =
        node_yaml_report(NODE_YAML "listen: '[::]:7102'\n"
                                   "api: 127.0.0.1:1\n"
                                   "socket: a.sock\n"
                                   "log_level: debug\n"
                                   "certificates:\n"
                                   "- purpose: https\n"
                                   "  file: tls/a.pem\n"
                                   "- purpose: mail\n"
                                   "  file: /b.pem\n"
                                   "  key: tls/b.key\n"
                                   "  host: mail.example\n"
                                   "token: {file: t.jws, reload: [bin/reload, x]}\n"
                                   "trust: {file: /srv/trust.json}\n"
                                   "hooks:\n"
                                   "  grant: [bin/worker, --sink, 'a b', '']\n"
                                   "  revoke: [/bin/true]\n"
                                   "  neuter: [neuter, 1]\n"
                                   "  lock_out: [bin/lock-out, member_]\n"
                                   "  standing: []\n",
                         &c);
    cr_assert(strcmp(report, "") == 0, "%s", report);
    cr_assert(strcmp(c.listen, "[::]:7102") == 0);
    cr_assert(strcmp(c.socket, node_yaml_beside("a.sock")) == 0);
    cr_assert(c.log_level == LOG_LEVEL_DEBUG);
    cr_assert(eq(u32, c.certificate_count, 2));
    cr_assert(strcmp(c.certificates[0].file, node_yaml_beside("tls/a.pem")) == 0);
    cr_assert(strcmp(c.certificates[0].key, "") == 0);
    cr_assert(strcmp(c.certificates[1].file, "/b.pem") == 0);
    cr_assert(strcmp(c.certificates[1].key, node_yaml_beside("tls/b.key")) == 0);
    cr_assert(strcmp(c.certificates[1].host, "mail.example") == 0);
    cr_assert(strcmp(c.token_path, node_yaml_beside("t.jws")) == 0);
    cr_assert(strcmp(c.trust_path, "/srv/trust.json") == 0);
    hook_argv(&c.reload, argv);
    cr_assert(eq(u32, c.reload.count, 2));
    cr_assert(strcmp(argv[0], node_yaml_beside("bin/reload")) == 0, "%s", argv[0]);
    hook_argv(&c.grant, argv);
    cr_assert(eq(u32, c.grant.count, 4));
    cr_assert(strcmp(argv[0], node_yaml_beside("bin/worker")) == 0, "%s", argv[0]);
    cr_assert(strcmp(argv[2], "a b") == 0);
    cr_assert(strcmp(argv[3], "") == 0);
    cr_assert(argv[4] == NULL);
    hook_argv(&c.revoke, argv);
    cr_assert(strcmp(argv[0], "/bin/true") == 0);
    hook_argv(&c.neuter, argv);
    cr_assert(eq(u32, c.neuter.count, 2));
    cr_assert(strcmp(argv[0], "neuter") == 0); /* to be looked up in PATH */
    hook_argv(&c.lock_out, argv);
    cr_assert(strcmp(argv[0], node_yaml_beside("bin/lock-out")) == 0, "%s", argv[0]);
    cr_assert(strcmp(argv[1], "member_") == 0);
    cr_assert(eq(u32, c.standing.count, 0));
}

Test(node_config, says_how_this_machine_is_examined)
{
    static const struct {
        const char *text;
        uint32_t sweep, window;
        bool time;
    } cases[] = {
        {NODE_YAML, 2000, 8, false},
        {NODE_YAML "memory: {sweep_mib_per_hour: 0}\ntime_sync: optional\n", 0, 8, false},
        {NODE_YAML "memory: {sweep_mib_per_hour: 4000, window_mib: 256}\n", 4000, 256, false},
        {NODE_YAML "time_sync: required\n", 2000, 8, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static struct node_config c;
        cr_assert(strcmp(node_yaml_report(cases[i].text, &c), "") == 0, "case %zu", i);
        cr_assert(eq(u32, c.sweep_mib_per_hour, cases[i].sweep));
        cr_assert(eq(u32, c.window_mib, cases[i].window));
        cr_assert(eq(int, c.time_required, cases[i].time));
        cr_assert(strcmp(c.own_path, node_yaml_path) == 0);
    }
}

Test(node_config, refuses_to_examine_in_a_way_there_is_not)
{
    static struct node_config c;
    const char *report = node_yaml_report(
        NODE_YAML "memory: {sweep_mib_per_hour: 100001, window_mib: 1}\ntime_sync: yes\n", &c);
    cr_assert(
        strcmp(
            report,
            "node.yaml:4:30: sweep_mib_per_hour: \"100001\" is not a whole number from 0, for "
            "none, "
            "to 100000\n"
            "node.yaml:4:50: window_mib: \"1\" is not a whole number from 2 to 256\n"
            "node.yaml:5:12: time_sync: \"yes\" is not required or optional\n") == 0,
        "%s", report);
}

Test(node_config, says_what_is_wrong_with_the_files_of_tokens)
{
    struct node_config c;
    const char *report = node_yaml_report(NODE_YAML "token: {file: '', reload: ['']}\n"
                                                    "trust: {file: ''}\n",
                                          &c);
    cr_expect(strcmp(report,
                     "node.yaml:5:15: file: \"\" is not the path of a file (a certificate's: "
                     "PEM, its chain behind it)\n"
                     "node.yaml:4:15: file: \"\" is not the path of a file (a certificate's: "
                     "PEM, its chain behind it)\n"
                     "node.yaml:4:27: reload: expected a program and its arguments, 1 to 32 "
                     "words\n") == 0,
              "%s", report);
    report = node_yaml_report(NODE_YAML "token: {reload: []}\n", &c);
    cr_expect(strcmp(report, "node.yaml:4:8: file: missing; expected the path of a file (a "
                             "certificate's: PEM, its chain behind it)\n") == 0,
              "%s", report);
}

Test(node_config, says_where_and_what_is_wrong)
{
    static const char *const cases[][2] = {
        {"", "node.yaml: the file is empty\n"},
        {"name: helios\ncluster: cluster.yaml\n",
         "node.yaml:1:1: data_dir: missing; expected the path of this node's data directory\n"},
        {NODE_YAML "colour: red\n",
         "node.yaml:4:1: colour: unknown key; expected one of name, "
         "cluster, data_dir, latch_dir, joins, checkpoint, listen, api, socket, hooks, "
         "log_level, watchdog, certificates, memory, time_sync, token, "
         "trust\n"},
        {NODE_YAML "api: [1]\nlog_level: loud\n",
         "node.yaml:4:6: api: a list; expected a numeric address and port, like "
         "127.0.0.1:7180\n"},
        {NODE_YAML "api: localhost:1\nlisten: '7102'\nlog_level: loud\nsocket: ''\n",
         "node.yaml:7:9: socket: \"\" is not the path of a Unix socket, at most 107 bytes\n"
         "node.yaml:4:6: api: \"localhost:1\" is not a numeric address and port, like "
         "127.0.0.1:7180\n"
         "node.yaml:5:9: listen: \"7102\" is not a numeric address and port, like "
         "0.0.0.0:7100\n"
         "node.yaml:6:12: log_level: \"loud\" is not error, warning, notice, info or debug\n"},
        {NODE_YAML "api: 127.0.0.1:7102\n", "node.yaml:4:6: api: 127.0.0.1:7102 is where peers "
                                            "are listened to; expected another port\n"},
        {"name: helio\ncluster: cluster.yaml\ndata_dir: data\n",
         "node.yaml:1:7: name: helio is no member of the cluster demo in cluster.yaml; did you "
         "mean helios?\n"},
        {"name: helios\ncluster: cluster.yaml\ndata_dir: data\nlatch_dir: data\n",
         "node.yaml:4:12: latch_dir: \"data\" is not the path of another directory, if "
         "possible on another disk\n"},
        {"name: zeus\ncluster: cluster.yaml\ndata_dir: data\n",
         "node.yaml:1:7: name: zeus is no member of the cluster demo in cluster.yaml\n"},
        {"name: helios\ncluster: nowhere.yaml\ndata_dir: data\n",
         "nowhere.yaml: cannot be read: No such file or directory\n"},
        {NODE_YAML "certificates:\n- purpose: https\n",
         "node.yaml:5:3: file: missing; expected the path of a file (a certificate's: PEM, its "
         "chain behind it)\n"},
        {NODE_YAML "certificates:\n- {purpose: a, file: x}\n- {purpose: a, file: ''}\n",
         "node.yaml:6:13: purpose: a is the purpose of another one, too\n"
         "node.yaml:6:22: file: \"\" is not the path of a file (a certificate's: PEM, its "
         "chain behind it)\n"},
        {NODE_YAML "certificates: [{purpose: A, file: x, key: '', host: ''}]\n",
         "node.yaml:4:26: purpose: \"A\" is not what it is for, the same on all members: 1 to "
         "15 of a-z, 0-9 and -\n"
         "node.yaml:4:43: key: \"\" is not the path of its key\n"
         "node.yaml:4:53: host: \"\" is not the name or address that it should be for\n"},
        {NODE_YAML
         "certificates:\n- {purpose: a, file: x}\n- {purpose: b, file: x}\n"
         "- {purpose: c, file: x}\n- {purpose: d, file: x}\n- {purpose: e, file: x}\n",
         "node.yaml:5:1: certificates: 5 are given, at most 4 are possible\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct node_config c;
        const char *report = node_yaml_report(cases[i][0], &c);
        cr_expect(strcmp(report, cases[i][1]) == 0, "%zu:\n%s", i, report);
    }
}

Test(node_config, says_what_is_one_and_the_same_and_must_be_two)
{
    static const char *const cases[][2] = {
        {NODE_YAML "listen: 0.0.0.0:7180\n",
         "node.yaml:1:1: api: 127.0.0.1:7180 is where peers are listened to; expected another "
         "port\n"},
        {NODE_YAML "listen: '[::]:7180'\napi: 127.0.0.1:7180\n",
         "node.yaml:5:6: api: 127.0.0.1:7180 is where peers are listened to; expected another "
         "port\n"},
        {NODE_YAML "listen: '[::1]:7180'\napi: '[::]:7180'\n",
         "node.yaml:5:6: api: [::]:7180 is where peers are listened to; expected another "
         "port\n"},
        {"name: helios\ncluster: cluster.yaml\ndata_dir: data\nlatch_dir: data//\n",
         "node.yaml:4:12: latch_dir: \"data//\" is not the path of another directory, if "
         "possible on another disk\n"},
        {"name: helios\ncluster: cluster.yaml\ndata_dir: data/\nlatch_dir: data\n",
         "node.yaml:4:12: latch_dir: \"data\" is not the path of another directory, if "
         "possible on another disk\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct node_config c;
        const char *report = node_yaml_report(cases[i][0], &c);
        cr_expect(strcmp(report, cases[i][1]) == 0, "%zu:\n%s", i, report);
    }
}

Test(node_config, says_what_is_wrong_with_hooks)
{
    static const char *const cases[][2] = {
        {NODE_YAML "hooks: {grant: [], revoke: [[x]]}\n",
         "node.yaml:4:29: revoke: a list; expected a word\n"},
        {NODE_YAML "hooks: [x]\n", "node.yaml:4:8: hooks: a list; expected a mapping with any "
                                   "of grant, revoke, takeover, "
                                   "release, neuter, lock_out and standing\n"},
        {NODE_YAML "hooks: {lock_out: x}\n",
         "node.yaml:4:19: lock_out: a value; expected a list of words: a program and its "
         "arguments\n"},
        {NODE_YAML "hooks: {neuter: [''], standing: [[x]]}\n",
         "node.yaml:4:34: standing: a list; expected a word\n"},
        {NODE_YAML "hooks: {neuter: ['']}\n",
         "node.yaml:4:17: neuter: expected a program and its arguments, 1 to 32 words\n"},
        {NODE_YAML "hooks: {lockout: [x]}\n",
         "node.yaml:4:9: lockout: unknown key; did you mean lock_out?\n"},
        {NODE_YAML "hooks: {grunt: [x]}\n",
         "node.yaml:4:9: grunt: unknown key; did you mean grant?\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct node_config c;
        const char *report = node_yaml_report(cases[i][0], &c);
        cr_expect(strcmp(report, cases[i][1]) == 0, "%zu:\n%s", i, report);
    }
}

Test(node_config, has_room_for_a_socket_of_107_bytes)
{
    for (uint32_t size = 107; size <= 108; size++) {
        struct node_config c;
        char text[512];
        char name[128];
        memset(name, 'a', sizeof name);
        name[0] = '/';
        snprintf(text, sizeof text, NODE_YAML "socket: %.*s\n", (int)size, name);
        const char *report = node_yaml_report(text, &c);
        const bool taken = strcmp(report, "") == 0;
        cr_expect(taken == (size == 107), "%s", report);
    }
}
