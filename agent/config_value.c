#include "config_value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "config.h"

static bool all_digits(const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!isdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return true;
}

bool value_number(const char *text, uint32_t least, uint32_t most, uint32_t *out)
{
    const size_t size = strlen(text);
    if (size == 0 || size > 10 || !all_digits(text, size) || (text[0] == '0' && size > 1)) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    if (value < least || value > most) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

bool value_count(const char *text, uint64_t *out)
{
    const size_t size = strlen(text);
    if (size == 0 || size > 19 || !all_digits(text, size) || (text[0] == '0' && size > 1)) {
        return false;
    }
    uint64_t value = 0; /* 19 digits fit */
    for (size_t i = 0; i < size; i++) {
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    *out = value;
    return true;
}

bool value_name(const char *text, char out[static NAME_SIZE_BYTES])
{
    const size_t size = strlen(text);
    if (size == 0 || size >= NAME_SIZE_BYTES ||
        strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != size) {
        return false;
    }
    memset(out, 0, NAME_SIZE_BYTES);
    memcpy(out, text, size);
    return true;
}

bool value_key(const char *text, uint8_t out[static PUBLIC_KEY_BYTES])
{
    uint8_t key[PUBLIC_KEY_BYTES];
    size_t size = 0;
    const char *end = NULL;
    const size_t digits = strlen(text);
    if (digits != (size_t)2 * PUBLIC_KEY_BYTES ||
        sodium_hex2bin(key, sizeof key, text, digits, NULL, &size, &end) != 0 ||
        size != sizeof key || *end != '\0') {
        return false;
    }
    memcpy(out, key, sizeof key);
    return true;
}

bool key_is_sound(const uint8_t key[static PUBLIC_KEY_BYTES])
{
    return crypto_core_ed25519_is_valid_point(key) == 1;
}

static int digits_at(const char *text, size_t at, size_t count)
{
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        value = value * 10 + (text[at + i] - '0');
    }
    return value;
}

/* timegm puts the 31st of February right; what comes out differs from what went in. */
bool value_time(const char *text, uint64_t *out_ms)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    const size_t size = strlen(text);
    const bool with_ms = size == sizeof form - 1;
    if (!with_ms && size != sizeof form - 1 - 4) {
        return false;
    }
    for (size_t i = 0; i < size - 1; i++) {
        if (form[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != form[i]) {
            return false;
        }
    }
    struct tm tm = {
        .tm_year = digits_at(text, 0, 4) - 1900,
        .tm_mon = digits_at(text, 5, 2) - 1,
        .tm_mday = digits_at(text, 8, 2),
        .tm_hour = digits_at(text, 11, 2),
        .tm_min = digits_at(text, 14, 2),
        .tm_sec = digits_at(text, 17, 2),
    };
    const int ms = with_ms ? digits_at(text, 20, 3) : 0;
    if (text[size - 1] != 'Z' || tm.tm_year < 100) {
        return false;
    }
    struct tm normal = tm;
    const time_t seconds = timegm(&normal);
    if (normal.tm_mon != tm.tm_mon || normal.tm_mday != tm.tm_mday ||
        normal.tm_hour != tm.tm_hour || normal.tm_min != tm.tm_min ||
        normal.tm_sec != tm.tm_sec) {
        return false;
    }
    *out_ms = (uint64_t)seconds * 1000 + (uint64_t)ms;
    return true;
}

bool address_canonical(const char *text, char out[static ADDRESS_SIZE_BYTES])
{
    char host[INET6_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    const bool six = text[0] == '[';
    if (colon == NULL || (six && (colon == text || colon[-1] != ']'))) {
        return false;
    }
    const char *first = six ? text + 1 : text;
    const ptrdiff_t size = (six ? colon - 1 : colon) - first;
    uint32_t port = 0;
    if (size <= 0 || (size_t)size >= sizeof host ||
        !value_number(colon + 1, 1, UINT16_MAX, &port)) {
        return false;
    }
    memcpy(host, first, (size_t)size);
    host[size] = '\0';
    uint8_t address[sizeof(struct in6_addr)];
    const int family = six ? AF_INET6 : AF_INET;
    if (inet_pton(family, host, address) != 1 ||
        inet_ntop(family, address, host, sizeof host) == NULL) {
        return false;
    }
    memset(out, 0, ADDRESS_SIZE_BYTES);
    snprintf(out, ADDRESS_SIZE_BYTES, six ? "[%s]:%u" : "%s:%u", host, port);
    return true;
}

bool address_is_reachable(const char *text)
{
    char host[ADDRESS_SIZE_BYTES];
    const bool six = text[0] == '[';
    snprintf(host, sizeof host, "%s", text + (six ? 1 : 0));
    host[six ? strcspn(host, "]") : strcspn(host, ":")] = '\0';
    if (six) {
        struct in6_addr a;
        return inet_pton(AF_INET6, host, &a) == 1 && !IN6_IS_ADDR_UNSPECIFIED(&a) &&
               !IN6_IS_ADDR_MULTICAST(&a);
    }
    struct in_addr a;
    return inet_pton(AF_INET, host, &a) == 1 && a.s_addr != htonl(INADDR_ANY) &&
           !IN_MULTICAST(ntohl(a.s_addr)) && a.s_addr != htonl(INADDR_BROADCAST);
}

static bool takes_all_of(const char *one, const char *other)
{
    return strncmp(one, "[::]:", strlen("[::]:")) == 0 ||
           (strncmp(one, "0.0.0.0:", strlen("0.0.0.0:")) == 0 && other[0] != '[');
}

bool addresses_meet(const char *one, const char *other)
{
    const char *port = strrchr(one, ':');
    const char *other_port = strrchr(other, ':');
    if (port == NULL || other_port == NULL || strcmp(port, other_port) != 0) {
        return false;
    }
    return strcmp(one, other) == 0 || takes_all_of(one, other) || takes_all_of(other, one);
}
