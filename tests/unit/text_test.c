#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "agent/text.h"

/* U+202E; as a literal it would deceive the readers of this file too. */
static const char right_to_left[] = {(char)0xe2, (char)0x80, (char)0xae, '\0'};

Test(text, is_escaped_where_it_could_deceive)
{
    static const char *const cases[][2] = {
        {"plain", "plain"},
        {"gr\xc3\xbc\xc3\x9f Gott", "gr\xc3\xbc\xc3\x9f Gott"},
        {"\xf0\x9f\x8f\xba", "\xf0\x9f\x8f\xba"},
        {"a\x1b[2Jb", "a\\x1b[2Jb"},
        {"a\nb\r\t\x7f", "a\\x0ab\\x0d\\x09\\x7f"},
        {"back\\slash", "back\\x5cslash"},
        {"\xc2\x9b", "\\xc2\\x9b"},                   /* CSI in one character */
        {right_to_left, "\\xe2\\x80\\xae"},           /* right to left from here */
        {"\xe2\x80\x8b", "\\xe2\\x80\\x8b"},          /* no width */
        {"\xff\xfe", "\\xff\\xfe"},                   /* no UTF-8 */
        {"\xc0\xaf", "\\xc0\\xaf"},                   /* '/' in two bytes */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* a surrogate */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* beyond the last character */
        {"\xe2\x82", "\\xe2\\x82"},                   /* cut off */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[64];
        const size_t size = text_escape(cases[i][0], strlen(cases[i][0]), out, sizeof out);
        cr_expect(strcmp(out, cases[i][1]) == 0, "%zu: %s", i, out);
        cr_expect(size == strlen(out));
    }
}

Test(text, is_cut_between_characters)
{
    static const char text[] = "ab\xc3\xbc\x1b"
                               "cdefgh";
    for (size_t room = 8; room < 20; room++) {
        char out[32];
        memset(out, '!', sizeof out);
        const size_t size = text_escape(text, sizeof text - 1, out, room);
        cr_expect(size < room, "%zu", room);
        cr_expect(out[size] == '\0');
        cr_expect(out[room] == '!', "%zu", room);
        cr_expect(size == 14 || strcmp(out + size - 3, "...") == 0, "%zu: %s", room, out);
    }
}

Test(text, is_clean_or_not)
{
    cr_expect(text_is_clean("{\"a\": 1}\n", 9));
    cr_expect(not(text_is_clean("a\0b", 3)));
    cr_expect(not(text_is_clean("a\x01", 2)));
    cr_expect(not(text_is_clean("\xff", 1)));
    cr_expect(not(text_is_clean("\xc3", 1)));
    cr_expect(text_is_clean("", 0));
}

Test(text, knows_the_nearest_word)
{
    static const char *const words[] = {"status", "log", "watch", "tick_ms", "members"};
    static const char *const cases[][2] = {
        {"statsu", "status"}, {"STATUS", "status"}, {"stat", "status"},  {"lgo", "log"},
        {"lo", "log"},        {"wacth", "watch"},   {"tick", "tick_ms"}, {"member", "members"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *nearest = text_nearest(cases[i][0], words, 5);
        cr_expect(nearest != NULL && strcmp(nearest, cases[i][1]) == 0, "%s", cases[i][0]);
    }
    static const char *const far[] = {
        "", "x", "frobnicate", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        cr_expect(text_nearest(far[i], words, 5) == NULL, "%s", far[i]);
    }
}
