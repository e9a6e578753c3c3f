#ifndef OSTRAKON_TESTS_CLI_DOCUMENTS_H
#define OSTRAKON_TESTS_CLI_DOCUMENTS_H

#define KEY_1 "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
#define KEY_2 "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394"
#define KEY_3 "ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1"
#define KEY_4 "ca93ac1705187071d67b83c7ff0efe8108e8ec4530575d7726879333dbdabe7c"
#define KEY_5 "6e7a1cdd29b0b78fd13af4c5598feff4ef2a97166e3ca6f2e4fbfccd80505bf1"
#define KEY_6 "8a875fff1eb38451577acd5afee405456568dd7c89e090863a0557bc7af49f17"

/* A sound founding document; the tests name its lines by number. */
#define CLUSTER_YAML                                                                           \
    "cluster: demo\n"                                                                          \
    "founded: 2026-11-22T06:30:00.000Z\n"                                                      \
    "timing:\n"                                                                                \
    "  tick_ms: 5000\n"                                                                        \
    "  delta_ms: 100\n"                                                                        \
    "audit: required\n"                                                                        \
    "members:\n"                                                                               \
    "  - name: atlas\n"                                                                        \
    "    role: node\n"                                                                         \
    "    address: 127.0.0.1:7101\n"                                                            \
    "    transport_key: " KEY_1 "\n"                                                           \
    "    vote_key: " KEY_2 "\n"                                                                \
    "  - name: helios\n"                                                                       \
    "    role: node\n"                                                                         \
    "    address: 127.0.0.1:7102\n"                                                            \
    "    transport_key: " KEY_3 "\n"                                                           \
    "    vote_key: " KEY_4 "\n"                                                                \
    "  - name: argus\n"                                                                        \
    "    role: witness\n"                                                                      \
    "    address: 127.0.0.1:7103\n"                                                            \
    "    transport_key: " KEY_5 "\n"                                                           \
    "    vote_key: " KEY_6 "\n"

#endif
