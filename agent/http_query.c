/* The query of a request: name=value pairs and mere names between ampersands. evhttp's own
 * parser gives the whole query up for one mere name, such as ?verbose. */
#include <stdlib.h>
#include <string.h>

#include "agent/http_internal.h"
#include "agent/memory.h"

/* Decodes %41 and + in place. False: a zero byte, or one that no header field may have. */
static bool add(struct evkeyvalq *query, const char *name, const char *value)
{
    size_t name_bytes = 0;
    size_t value_bytes = 0;
    char *plain_name = evhttp_uridecode(name, 1, &name_bytes);
    char *plain_value = evhttp_uridecode(value, 1, &value_bytes);
    memory_expect(plain_name != NULL && plain_value != NULL);
    const bool sound = name_bytes > 0 && strlen(plain_name) == name_bytes &&
                       strlen(plain_value) == value_bytes &&
                       evhttp_add_header(query, plain_name, plain_value) == 0;
    free(plain_name);
    free(plain_value);
    return sound;
}

static bool parse(struct evkeyvalq *query, const char *text)
{
    char *copy = strdup(text);
    memory_expect(copy != NULL);
    bool sound = true;
    char *rest = copy;
    for (char *part = strsep(&rest, "&"); sound && part != NULL; part = strsep(&rest, "&")) {
        const char *name = strsep(&part, "=");
        sound = add(query, name, part != NULL ? part : "");
    }
    free(copy);
    return sound;
}

static void read_query(struct request *r)
{
    const struct evhttp_uri *const uri = evhttp_request_get_evhttp_uri(r->ev);
    const char *const text = uri != NULL ? evhttp_uri_get_query(uri) : NULL;
    TAILQ_INIT(&r->query);
    r->has_query = true;
    r->is_query_sound = text == NULL || text[0] == '\0' || parse(&r->query, text);
}

static const char *find(const struct request *r, const char *name)
{
    const struct evkeyval *pair;
    TAILQ_FOREACH(pair, &r->query, next) {
        if (strcmp(pair->key, name) == 0) {
            return pair->value;
        }
    }
    return NULL;
}

const char *http_query(const struct http_request *request, const char *name)
{
    struct request *const r = request_of(request);
    if (!r->has_query) {
        read_query(r);
    }
    return find(r, name);
}

const char *http_query_stranger(const struct http_request *request, const char *const *known)
{
    struct request *const r = request_of(request);
    if (!r->has_query) {
        read_query(r);
    }
    if (!r->is_query_sound) {
        return "";
    }
    const struct evkeyval *pair;
    TAILQ_FOREACH(pair, &r->query, next) {
        const char *const *name = known;
        while (*name != NULL && strcmp(*name, pair->key) != 0) {
            name++;
        }
        /* The first of two is found, so that the second one's value is not its own. */
        if (*name == NULL || find(r, *name) != pair->value) {
            return pair->key;
        }
    }
    return NULL;
}
