#ifndef OSTRAKON_AGENT_KEYFILE_H
#define OSTRAKON_AGENT_KEYFILE_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/types.h>

#define KEYFILE_KEY_BYTES 32u
#define KEYFILE_ERROR_BYTES 512u
#define KEYFILE_TRANSPORT "transport.pem"
#define KEYFILE_VOTE "vote.pem"

/* One Ed25519 key of a member, as read from its file (PKCS#8, PEM). */
struct keyfile {
    uint8_t
        seed[KEYFILE_KEY_BYTES]; /* libsodium's crypto_sign_seed_keypair makes its key of it */
    uint8_t public_key[KEYFILE_KEY_BYTES];
    EVP_PKEY *key; /* owned; take a reference of your own with EVP_PKEY_up_ref to keep it */
};

/* Where these answer false, errno is what the system refused for, 0 if it was not the system.
 *
 * Makes a new key and writes it, mode 0600, to a file that must not exist yet. File and
 * directory are durable when this returns true; on false nothing is left behind and `error` is
 * one sentence that names the file. Blocks on the disk. Any thread. */
bool keyfile_create(const char *path, uint8_t public_key[static KEYFILE_KEY_BYTES],
                    char error[static KEYFILE_ERROR_BYTES]) __attribute__((warn_unused_result));

/* Overwrites and removes a key, durably; one that is not there is removed. False: `error` says
 * why it may still be there. Without errors only system calls. On a journalling disk the
 * overwriting is more than nothing and less than sure; who wants to be sure encrypts the disk.
 */
bool keyfile_remove(const char *path, char error[static KEYFILE_ERROR_BYTES]);

/* Reads a key. Refused, with one sentence in `error`: what is not a regular file, belongs to
 * somebody else (unless we are root), can be read or written by group or others, is too big, is
 * encrypted, or holds no Ed25519 key. On false `out` is zeroed. Any thread. */
bool keyfile_read(const char *path, struct keyfile *out, char error[static KEYFILE_ERROR_BYTES])
    __attribute__((warn_unused_result));

/* Wipes the seed and frees the key. Accepts NULL and a zeroed struct. */
void keyfile_finish(struct keyfile *k);

#endif
