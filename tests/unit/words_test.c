#include "agent/words.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct cluster cluster_of_two(void)
{
    struct cluster c = {.member_count = 2, .timing = timing_default()};
    strcpy(c.member[0].name, "atlas");
    strcpy(c.member[1].name, "themis");
    return c;
}

Test(words, are_there_for_every_note_with_a_code_of_its_own)
{
    static struct cluster c;
    static struct words seen[NOTE_KINDS];
    c = cluster_of_two();
    for (uint32_t i = 0; i < NOTE_KINDS; i++) {
        const struct note note = {
            .kind = (enum note_kind)i, .member = 0, .other = 1, .count = 2};
        words_of(&note, &c, &seen[i]);
        cr_assert(ne(sz, strlen(seen[i].message), 0), "%s", note_kind_text(note.kind));
        cr_assert(eq(sz, strlen(seen[i].code), strlen("OST-0000")), "%s", seen[i].event);
        cr_assert(le(int, (int)seen[i].level, WORDS_DEBUG), "%s", seen[i].event);
        cr_assert(ge(int, (int)seen[i].level, WORDS_ERROR), "%s", seen[i].event);
        for (uint32_t k = 0; k < i; k++) {
            cr_assert(strcmp(seen[i].code, seen[k].code) != 0, "%s, %s", seen[i].event,
                      seen[k].event);
        }
    }
}

Test(words, name_members_windows_and_fences)
{
    static struct cluster c;
    struct words w;
    c = cluster_of_two();
    const struct note granted = {.kind = NOTE_GRANTED, .member = 0, .other = 1, .fence = 87};
    words_of(&granted, &c, &w);
    cr_assert(strcmp(w.message, "fence 87 to atlas, audited by themis") == 0, "%s", w.message);
    cr_assert(strcmp(w.member, "atlas") == 0);
    const struct note settled = {
        .kind = NOTE_WINDOWS_SETTLED, .member = 0, .other = 1, .first = 29700000, .count = 2};
    words_of(&settled, &c, &w);
    cr_assert(strcmp(w.message, "statistics of 00:00 to 00:02 settled by atlas and themis") ==
                  0,
              "%s", w.message);
    const struct note nobody = {.kind = NOTE_NO_CANDIDATE, .member = MEMBER_NONE};
    words_of(&nobody, &c, &w);
    cr_assert(w.member == NULL);
}

Test(words, write_times_as_people_and_machines_read_them)
{
    char text[WORDS_ISO_BYTES];
    words_iso(1795269791482, text);
    cr_assert(strcmp(text, "2026-11-21T14:03:11.482Z") == 0, "%s", text);
    words_clock(1795269791482, text);
    cr_assert(strcmp(text, "14:03:11") == 0, "%s", text);
    words_clock(1795269780000, text);
    cr_assert(strcmp(text, "14:03") == 0, "%s", text);
    words_iso(UINT64_MAX, text);
    cr_assert(ne(sz, strlen(text), 0));
}

Test(words, of_a_pause_say_for_how_long_or_that_it_is_over)
{
    static struct cluster c;
    struct words w;
    c = cluster_of_two();
    struct note pause = {.kind = NOTE_OPERATOR,
                         .member = MEMBER_NONE,
                         .first = OPERATION_PAUSE,
                         .count = 600,
                         .text = "ada"};
    words_of(&pause, &c, &w);
    cr_assert(strcmp(w.message, "operator ada paused removals for 600 s") == 0, "%s",
              w.message);
    pause.count = 0;
    words_of(&pause, &c, &w);
    cr_assert(strcmp(w.message, "operator ada ended the pause of removals") == 0, "%s",
              w.message);
}

/* Each says what it is about, the height, and what this member does about it. */
Test(words, of_checkpoints_say_why_this_member_goes_no_further)
{
    static const struct {
        struct note note;
        const char *message;
        enum words_level level;
    } cases[] = {
        {{.kind = NOTE_CHECKPOINT_WANTED,
          .cause = CAUSE_AWAY,
          .first = 7,
          .count = 32ull * 24 * 3600 * 1000 - 1},
         "what this member knew when it was started, of height 7, was 31 days old: it goes no "
         "further, and does not vote, without a checkpoint",
         WORDS_ERROR},
        {{.kind = NOTE_CHECKPOINT_WANTED, .cause = CAUSE_STRANGERS, .first = 7, .count = 1},
         "at height 7 too few of the voters that this member knew are still members (1): it "
         "goes "
         "no further, and does not vote, without a checkpoint",
         WORDS_ERROR},
        {{.kind = NOTE_CHECKPOINT_DIFFERS, .first = 7},
         "the block at height 7 is not the one of the checkpoint: this is another history, or "
         "the checkpoint is wrong; this member goes no further",
         WORDS_ERROR},
        {{.kind = NOTE_CHECKPOINT_MET, .first = 7},
         "the block at height 7 is the one of the checkpoint",
         WORDS_NOTICE},
    };
    static struct cluster c;
    c = cluster_of_two();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct words w;
        words_of(&cases[i].note, &c, &w);
        cr_expect(strcmp(w.message, cases[i].message) == 0, "%s", w.message);
        cr_expect(eq(int, (int)w.level, (int)cases[i].level));
    }
}
