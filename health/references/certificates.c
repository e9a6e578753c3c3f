#include "certificates.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "direct.h"
#include "references.h"

#define HOUR_S 3600
#define DAY_S 86400

static void see(struct certificate_view *view, enum reference_result result, uint32_t note,
                int error)
{
    view->result = result;
    view->note = note;
    view->error = (uint64_t)error;
}

static void see_error(struct certificate_view *view, int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
        see(view, RESULT_DEGRADED, CERTIFICATES_GONE, error);
        break;
    case EACCES:
    case EPERM:
        see(view, RESULT_DEGRADED, CERTIFICATES_REFUSED, error);
        break;
    default:
        see(view, RESULT_UNKNOWN, CERTIFICATES_UNREADABLE, error);
        break;
    }
}

/* Its size, or negative: `view` says why. */
static ssize_t read_file(const struct seams *seams, const char *path, uint8_t *piece,
                         struct certificate_view *view)
{
    struct stat s;
    const int status = seams->stat(seams->self, path, &s);
    if (status != 0) {
        see_error(view, -status);
        return -1;
    }
    if (!S_ISREG(s.st_mode) || s.st_size > CERTIFICATE_BYTES_MAX) {
        see(view, RESULT_DEGRADED, CERTIFICATES_STRANGE, 0);
        return -1;
    }
    struct direct_file f = direct_open(seams, path, true);
    if (f.file < 0) {
        see_error(view, -f.file);
        return -1;
    }
    const ssize_t done = direct_read(seams, &f, 0, piece);
    direct_close(&f);
    if (done < 0) {
        see_error(view, (int)-done);
    } else if (done > CERTIFICATE_BYTES_MAX) {
        see(view, RESULT_DEGRADED, CERTIFICATES_STRANGE, 0);
        return -1;
    }
    return done;
}

/* The same of the key: which of the two files it is has to be told. */
static void name_the_key(struct certificate_view *view)
{
    view->note = view->note == CERTIFICATES_GONE      ? CERTIFICATES_KEY_GONE
                 : view->note == CERTIFICATES_REFUSED ? CERTIFICATES_KEY_REFUSED
                 : view->note == CERTIFICATES_STRANGE ? CERTIFICATES_KEY_STRANGE
                                                      : view->note;
}

static void see_verdict(struct certificate_view *view, enum certificate_verdict verdict)
{
    static const uint32_t notes[] = {
        [CERTIFICATE_FIT] = CERTIFICATES_VALID,
        [CERTIFICATE_NONE] = CERTIFICATES_EMPTY,
        [CERTIFICATE_DAMAGED] = CERTIFICATES_DAMAGED,
        [CERTIFICATE_TOO_LONG] = CERTIFICATES_LONG,
        [CERTIFICATE_BROKEN_CHAIN] = CERTIFICATES_BROKEN,
        [CERTIFICATE_NO_KEY] = CERTIFICATES_NO_KEY,
        [CERTIFICATE_OTHER_KEY] = CERTIFICATES_OTHER_KEY,
        [CERTIFICATE_OTHER_NAME] = CERTIFICATES_OTHER_NAME,
    };
    see(view, verdict == CERTIFICATE_FIT ? RESULT_OK : RESULT_DEGRADED, notes[verdict], 0);
}

/* Two pieces, as the disk's blocks go past the page cache into aligned memory: that of the
 * certificate, and that of the key, which is wiped. */
static void read_both(const struct seams *seams, const struct certificate_file *file,
                      struct certificate_view *view)
{
    const size_t room = 2 * DIRECT_PIECE_BYTES;
    uint8_t *pieces = seams->map(seams->self, room, false);
    if (pieces == NULL) {
        see(view, RESULT_UNKNOWN, CERTIFICATES_NO_MEMORY, 0);
        return;
    }
    uint8_t *key = pieces + DIRECT_PIECE_BYTES;
    const bool keyed = file->key_path != NULL;
    const ssize_t size = read_file(seams, file->path, pieces, view);
    const ssize_t key_size =
        size >= 0 && keyed ? read_file(seams, file->key_path, key, view) : 0;
    if (size >= 0 && key_size >= 0) {
        see_verdict(view, certificate_parse(pieces, (size_t)size, keyed ? key : NULL,
                                            (size_t)key_size, file->name, &view->content));
    } else if (size >= 0) {
        name_the_key(view);
    }
    sodium_memzero(key, DIRECT_PIECE_BYTES);
    seams->unmap(seams->self, pieces, room);
}

static bool is_touched(const struct seams *seams, const char *path, bool *known,
                       struct stat *before)
{
    struct stat s;
    memset(&s, 0, sizeof s);
    const bool there = seams->stat(seams->self, path, &s) == 0;
    const bool same = there == *known && s.st_dev == before->st_dev &&
                      s.st_ino == before->st_ino && s.st_size == before->st_size &&
                      s.st_mode == before->st_mode &&
                      s.st_mtim.tv_sec == before->st_mtim.tv_sec &&
                      s.st_mtim.tv_nsec == before->st_mtim.tv_nsec &&
                      s.st_ctim.tv_sec == before->st_ctim.tv_sec &&
                      s.st_ctim.tv_nsec == before->st_ctim.tv_nsec;
    *known = there;
    *before = s;
    return !same;
}

static void worsen(struct finding *out, enum reference_result result, uint32_t note,
                   int64_t got)
{
    if (finding_worsen(out, result, note)) {
        out->evidence.got = (uint64_t)got;
    }
}

/* A file that is as it should be, by the clock. */
static void judge_times(const struct certificate_content *c, int64_t now_s, struct finding *out)
{
    const int64_t left_s = c->chain_not_after_s - now_s;
    const int64_t early_s = c->chain_not_before_s - now_s;
    finding_set(out, RESULT_OK, CERTIFICATES_VALID);
    out->evidence.got = left_s > 0 ? (uint64_t)(left_s / DAY_S) : 0;
    if (early_s > 0) {
        worsen(out, RESULT_DEGRADED, CERTIFICATES_EARLY, early_s / HOUR_S + 1);
    } else if (left_s <= 0) {
        out->flags |= FINDING_PERSON;
        worsen(out, RESULT_DEGRADED, CERTIFICATES_EXPIRED, -left_s / HOUR_S);
    } else if (left_s <= CERTIFICATES_NEAR_S) {
        worsen(out, RESULT_DEGRADED, CERTIFICATES_NEAR, left_s / HOUR_S);
    } else if (left_s <= CERTIFICATES_SOON_S) {
        finding_set(out, RESULT_OK, CERTIFICATES_SOON);
    }
}

static void judge(const struct certificate_view *view, int64_t now_s, struct finding *out)
{
    if (view->result == RESULT_OK) {
        judge_times(&view->content, now_s, out);
    } else {
        finding_set(out, view->result, view->note);
        out->evidence.got = view->error;
    }
    out->flags |= out->result == RESULT_OK ? 0 : FINDING_SERVE;
}

void certificate_examine(const struct seams *seams, const struct certificate_file *file,
                         struct certificate_view *view, struct finding *out)
{
    const uint64_t now_ms = seams->clock_ns(seams->self, SEAM_BOOT) / 1000000;
    const int64_t now_s = (int64_t)(seams->clock_ns(seams->self, SEAM_REAL) / 1000000000);
    const bool first = view->read_ms == 0;
    bool read = is_touched(seams, file->path, &view->known, &view->stat);
    if (file->key_path != NULL) {
        read |= is_touched(seams, file->key_path, &view->key_known, &view->key_stat);
    }
    read |= first || view->result == RESULT_UNKNOWN;
    if (read || now_ms - view->read_ms >= CERTIFICATES_REREAD_MS) {
        view->read_ms = now_ms == 0 ? 1 : now_ms;
        read_both(seams, file, view);
    }
    judge(view, now_s, out);
    finding_subject(out, file->purpose);
}

/* The worst of all, and of the good the first to expire. */
static void run(struct reference_context *context, struct finding *out)
{
    const uint32_t count = context->certificate_count;
    uint64_t days = UINT64_MAX;
    if (!reference_is_there(context, count > 0, CERTIFICATES_NONE, out)) {
        return;
    }
    finding_set(out, RESULT_OK, CERTIFICATES_VALID);
    for (uint32_t i = 0; i < count; i++) {
        struct finding one;
        finding_begin(&one, out->id);
        certificate_examine(&context->seams, &context->certificates[i],
                            &context->certificate.views[i], &one);
        const bool sooner = one.result == RESULT_OK && one.evidence.got < days;
        days = sooner ? one.evidence.got : days;
        if (finding_worsen(out, one.result, one.evidence.note) ||
            (sooner && out->result == RESULT_OK)) {
            *out = one;
        }
    }
    if (out->result == RESULT_OK && out->evidence.note == CERTIFICATES_VALID) {
        out->evidence.count = count;
        memset(out->evidence.subject, 0, sizeof out->evidence.subject);
    }
}

uint32_t certificates_attest(const struct reference_context *context,
                             struct fleet_certificate out[static FLEET_CERTIFICATES_MAX])
{
    for (uint32_t i = 0; i < context->certificate_count; i++) {
        const struct certificate_view *view = &context->certificate.views[i];
        const struct certificate_content *c = &view->content;
        const bool fit = view->result == RESULT_OK || view->result == RESULT_UNKNOWN;
        memset(&out[i], 0, sizeof out[i]);
        snprintf(out[i].purpose, sizeof out[i].purpose, "%s", context->certificates[i].purpose);
        if (fit) {
            memcpy(out[i].fingerprint, c->fingerprint, sizeof out[i].fingerprint);
            out[i].not_after_s = c->not_after_s > 0 ? (uint64_t)c->not_after_s : 0;
        }
    }
    return context->certificate_count;
}

/* A certificate after its time and before it, and one for another host. */
static bool negative(struct reference_context *context)
{
    static const char pem[] =
        "-----BEGIN CERTIFICATE-----\n"
        "MIIBUzCCAQWgAwIBAgIUFq3gS9QLzyD1VvBYUK9cCvqa6G8wBQYDK2VwMBQxEjAQ\n"
        "BgNVBAMMCWEuZXhhbXBsZTAeFw0yNjExMjgwNjE0NTJaFw0zNjExMjUwNjE0NTJa\n"
        "MBQxEjAQBgNVBAMMCWEuZXhhbXBsZTAqMAUGAytlcAMhAJKmSkEMeuf4dbBsNlCB\n"
        "w2Qkoplu0mSCeybcgqy9qj8Fo2kwZzAdBgNVHQ4EFgQU9YyyzYSTiqME7PYQJBh3\n"
        "iRfILx4wHwYDVR0jBBgwFoAU9YyyzYSTiqME7PYQJBh3iRfILx4wDwYDVR0TAQH/\n"
        "BAUwAwEB/zAUBgNVHREEDTALgglhLmV4YW1wbGUwBQYDK2VwA0EA9UyHKIvYT5r2\n"
        "/Z6I/ou6rdekuJstaxYymr0P068N47ugKKuqh92kB1/jMZtIx9h5xyHCdYtqGEuJ\n"
        "U0m481CeCw==\n"
        "-----END CERTIFICATE-----\n";
    struct certificate_view view = {.result = RESULT_OK};
    struct finding late;
    struct finding early;
    struct finding other;
    (void)context;
    finding_begin(&late, 31);
    finding_begin(&early, 31);
    finding_begin(&other, 31);
    see_verdict(&view, certificate_parse(pem, strlen(pem), NULL, 0, NULL, &view.content));
    judge(&view, view.content.not_after_s, &late);
    judge(&view, view.content.not_before_s - 1, &early);
    see_verdict(&view,
                certificate_parse(pem, strlen(pem), NULL, 0, "other.example", &view.content));
    judge(&view, view.content.not_before_s, &other);
    return late.evidence.note == CERTIFICATES_EXPIRED && late.result == RESULT_DEGRADED &&
           early.evidence.note == CERTIFICATES_EARLY && early.result == RESULT_DEGRADED &&
           other.evidence.note == CERTIFICATES_OTHER_NAME && other.result == RESULT_DEGRADED;
}

static const struct reference_note notes[] = {
#define X(name, text, action) {text, action},
    CERTIFICATES_NOTES(X)
#undef X
};

const struct reference reference_certificates = {
    .id = 31,
    .period_ms = 5000,
    .note_count = sizeof notes / sizeof notes[0],
    .notes = notes,
    .run = run,
    .negative = negative,
};
