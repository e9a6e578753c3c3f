#include "label.h"

/* How many characters stand before the terminating zero; size_bytes if there is none, or if
 * anything but zeros follows it. */
static size_t length_of(const char *label, size_t size_bytes)
{
    size_t end = 0;
    while (end < size_bytes && label[end] >= ' ' && label[end] <= '~') {
        end++;
    }
    for (size_t i = end; i < size_bytes; i++) {
        if (label[i] != '\0') {
            return size_bytes;
        }
    }
    return end;
}

bool label_is_printable(const char *label, size_t size_bytes)
{
    return length_of(label, size_bytes) < size_bytes;
}

bool label_is_text(const char *label, size_t size_bytes)
{
    const size_t length = length_of(label, size_bytes);
    return length > 0 && length < size_bytes;
}

bool label_is_name(const char *label, size_t size_bytes)
{
    const size_t length = length_of(label, size_bytes);
    for (size_t i = 0; i < length; i++) {
        const bool letter = label[i] >= 'a' && label[i] <= 'z';
        const bool digit = label[i] >= '0' && label[i] <= '9';
        if (!letter && !digit && label[i] != '-') {
            return false;
        }
    }
    return length > 0 && length < size_bytes;
}

bool label_is_address(const char *label, size_t size_bytes)
{
    const size_t length = length_of(label, size_bytes);
    for (size_t i = 0; i < length; i++) {
        const bool digit =
            (label[i] >= '0' && label[i] <= '9') || (label[i] >= 'a' && label[i] <= 'f');
        if (!digit && label[i] != '.' && label[i] != ':' && label[i] != '[' &&
            label[i] != ']') {
            return false;
        }
    }
    return length > 0 && length < size_bytes;
}
