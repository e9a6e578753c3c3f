#include "../../tokens/strict.h"

#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static bool takes(const char *text, size_t size_bytes)
{
    cJSON *item = strict_parse(text, size_bytes);
    const bool taken = item != NULL;
    cJSON_Delete(item);
    return taken;
}

Test(strict, takes_whole_numbers_and_plain_strings_in_objects_and_arrays)
{
    static const char *const good[] = {
        "{}", "[]",   "{\"a\":1,\"b\":[0,\"x y~\"]}", " { \"a\" :\n9007199254740991 }\t",
        "0",  "\"\"",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_assert(takes(good[i], strlen(good[i])), "%s", good[i]);
    }
}

/* What cJSON takes, or other readers take otherwise. */
Test(strict, refuses_what_readers_disagree_about)
{
    static const char *const bad[] = {
        "",
        "{",
        "}",
        "{}x",
        "{}{}",
        "{\"a\":01}",
        "{\"a\":1.0}",
        "{\"a\":1e3}",
        "{\"a\":-1}",
        "{\"a\":+1}",
        "{\"a\":99999999999999999}",
        "{\"a\":true}",
        "{\"a\":null}",
        "{\"a\":NaN}",
        "{\"a\":\"\\u0061\"}",
        "{\"a\":\"\\n\"}",
        "{\"a\":\"x\ny\"}",
        "{\"a\":\"\x7f\"}",
        "{\"a\":\"caf\xc3\xa9\"}",
        "{\"a\":\"\xff\"}",
        "\xef\xbb\xbf{}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1,}",
        "[1,]",
        "{\"a\"}",
        "/* no */{}",
        "[[[[[[[[[1]]]]]]]]]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert(not(takes(bad[i], strlen(bad[i]))), "%s", bad[i]);
    }
    cr_assert(not(takes("{}\0", 3)), "a zero behind");
    cr_assert(not(takes("{\"a\0b\":1}", 9)), "a zero within");
}

Test(strict, finds_a_key_once_in_its_own_case)
{
    uint64_t number = 5;
    char word[4] = "old";
    const char *text = "{\"Key\":1,\"key\":2,\"word\":\"abc\",\"long\":\"abcd\"}";
    cJSON *item = strict_parse(text, strlen(text));
    cr_assert(item != NULL);
    cr_assert(strict_object(item, 4));
    cr_assert(not(strict_object(item, 3)));
    cr_assert(strict_number(item, "key", 9, &number));
    cr_assert(eq(u64, number, 2));
    cr_assert(not(strict_number(item, "key", 1, &number)), "above what it may be");
    cr_assert(not(strict_number(item, "KEY", 9, &number)));
    cr_assert(not(strict_number(item, "word", 9, &number)));
    cr_assert(strict_word(item, "word", word, sizeof word));
    cr_assert(zero(int, strcmp(word, "abc")));
    cr_assert(not(strict_word(item, "long", word, sizeof word)), "no room for its zero");
    cJSON_Delete(item);
}

/* 43 letters for 32 bytes leave two bits: only zeros there are the one way to write it. */
Test(strict, reads_bytes_in_the_one_way_they_are_written)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", true},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", false},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false},
        {"AAAA AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false},
        {"+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false},
        {"-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[32];
        cJSON *item = cJSON_CreateString(cases[i].text);
        cr_assert(eq(int, strict_base64(item, bytes, sizeof bytes), cases[i].good), "%s",
                  cases[i].text);
        cJSON_Delete(item);
    }
    uint8_t two[2];
    const char *text = "[\"0aff\",\"0AFF\",\"0af\",\"0affff\",\"0agf\",7]";
    cJSON *item = strict_parse(text, strlen(text));
    cr_assert(item != NULL);
    for (int i = 0; i < 6; i++) {
        cr_assert(eq(int, strict_hex(cJSON_GetArrayItem(item, i), two, sizeof two), i == 0));
    }
    cJSON_Delete(item);
}
