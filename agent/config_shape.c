#include "config_shape.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <yaml.h>

#include "text.h"

#define FIELDS_MAX 24u /* keys of one mapping */
#define NESTING_MAX 16u

struct walk {
    struct shape *shape;
    const struct shape_key *keys;
    struct config_report *report;
    yaml_parser_t parser;
    yaml_event_t event; /* the one in hand; freed before the next is taken */
    uint32_t depth;
    bool full;     /* more values than there is room for: the rest is passed over */
    bool too_deep; /* already reported; the parser is asked no more */
};

static struct config_place place_of(const struct walk *w, const yaml_mark_t *mark)
{
    return (struct config_place){w->shape->file, (uint32_t)mark->line + 1,
                                 (uint32_t)mark->column + 1};
}

/* libyaml tells no line for bytes that are no UTF-8, only how far it came. */
static void report_syntax(struct walk *w, const uint8_t *bytes, size_t size_bytes)
{
    const yaml_parser_t *p = &w->parser;
    yaml_mark_t mark = p->problem_mark;
    if (p->error == YAML_READER_ERROR) {
        mark = (yaml_mark_t){0};
        for (size_t i = 0; i < p->problem_offset && i < size_bytes; i++) {
            mark.column = bytes[i] == '\n' ? 0 : mark.column + 1;
            mark.line += bytes[i] == '\n' ? 1 : 0;
        }
    }
    config_fault(w->report, place_of(w, &mark), "", "this is not YAML: %s",
                 p->problem == NULL ? "out of memory" : p->problem);
}

/* Takes the next event. False when the parser gives up; it is asked no more after that. */
static bool next(struct walk *w)
{
    yaml_event_delete(&w->event);
    return yaml_parser_parse(&w->parser, &w->event) == 1;
}

/* Takes `count` events, and stops at the last. */
static bool next_after(struct walk *w, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!next(w)) {
            return false;
        }
    }
    return true;
}

/* What the table says of the last key of a path; of an item of its list, "key[]". */
static const char *expected_of(const struct walk *w, const char *path)
{
    const char *dot = strrchr(path, '.');
    const char *key = dot == NULL ? path : dot + 1;
    const size_t size_bytes = strcspn(key, "[");
    const char *suffix = key[size_bytes] == '[' ? "[]" : "";
    for (const struct shape_key *k = w->keys; k->key != NULL; k++) {
        if (strncmp(k->key, key, size_bytes) == 0 && strcmp(k->key + size_bytes, suffix) == 0) {
            return k->expected;
        }
    }
    return "a mapping of keys and values";
}

/* The last key of a path, without its index. */
static const char *key_of(const char *path, char out[static SHAPE_PATH_BYTES])
{
    const char *dot = strrchr(path, '.');
    snprintf(out, SHAPE_PATH_BYTES, "%s", dot == NULL ? path : dot + 1);
    out[strcspn(out, "[")] = '\0';
    return out;
}

/* False: there is no more room, which is told once. */
static bool remember(struct walk *w, const char *path)
{
    struct shape *s = w->shape;
    const struct config_place place = place_of(w, &w->event.start_mark);
    if (s->count == SHAPE_ENTRIES_MAX && !w->full) {
        config_fault(w->report, place, "", "more than %u values", SHAPE_ENTRIES_MAX);
        w->full = true;
    }
    if (w->full) {
        return false;
    }
    struct shape_entry *e = &s->entries[s->count++];
    snprintf(e->path, sizeof e->path, "%s", path);
    e->line = place.line;
    e->column = place.column;
    return true;
}

static bool walk_value(struct walk *w, const cyaml_schema_value_t *schema, const char *path);

/* Passes over the value in hand, whatever it is; aliases in it are of no consequence. Not
 * however deep: libyaml's time grows with the square of the depth, a mebibyte of brackets takes
 * an hour. */
static bool skip(struct walk *w)
{
    uint32_t open = 0;
    for (;;) {
        const yaml_event_type_t type = w->event.type;
        open += type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT;
        open -= type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT;
        if (open == 0) {
            return true;
        }
        w->too_deep = open > NESTING_MAX;
        if (w->too_deep) {
            config_fault(w->report, place_of(w, &w->event.start_mark), "",
                         "nested more than %u deep", NESTING_MAX);
        }
        if (w->too_deep || !next(w)) {
            return false;
        }
    }
}

static void report_unknown(struct walk *w, const cyaml_schema_field_t *fields, const char *key)
{
    const char *words[FIELDS_MAX];
    char shown[CONFIG_QUOTE_BYTES];
    uint32_t count = 0;
    for (const cyaml_schema_field_t *f = fields; f->key != NULL; f++) {
        assert(count < FIELDS_MAX);
        words[count++] = f->key;
    }
    char list[512] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i == 0 ? "" : ", ",
                                 words[i]);
        assert(used < sizeof list);
    }
    text_escape(key, strlen(key), shown, sizeof shown);
    const char *nearest = text_nearest(key, words, count);
    const struct config_place place = place_of(w, &w->event.start_mark);
    if (nearest != NULL) {
        config_fault(w->report, place, shown, "unknown key; did you mean %s?", nearest);
    } else {
        config_fault(w->report, place, shown, "unknown key; expected one of %s", list);
    }
}

/* One key and its value; `line_of` remembers where each field was first seen. */
static bool walk_field(struct walk *w, const cyaml_schema_field_t *fields, const char *path,
                       uint32_t line_of[static FIELDS_MAX])
{
    if (w->event.type != YAML_SCALAR_EVENT) {
        config_fault(w->report, place_of(w, &w->event.start_mark), "",
                     "expected a key, not a list or a mapping");
        return skip(w) && next(w) && skip(w);
    }
    const char *key = (const char *)w->event.data.scalar.value;
    uint32_t i = 0;
    while (fields[i].key != NULL && strcmp(fields[i].key, key) != 0) {
        i++;
    }
    if (fields[i].key == NULL || strlen(key) != w->event.data.scalar.length) {
        report_unknown(w, fields, key);
        return next(w) && skip(w);
    }
    assert(i < FIELDS_MAX);
    const struct config_place place = place_of(w, &w->event.start_mark);
    if (line_of[i] != 0) {
        config_fault(w->report, place, key, "doubled; it was first given in line %u",
                     line_of[i]);
        return next(w) && skip(w);
    }
    line_of[i] = place.line;
    char below[SHAPE_PATH_BYTES];
    snprintf(below, sizeof below, "%s%s%s", path, path[0] == '\0' ? "" : ".", fields[i].key);
    return next(w) && walk_value(w, &fields[i].value, below);
}

static bool walk_mapping(struct walk *w, const cyaml_schema_field_t *fields, const char *path)
{
    uint32_t line_of[FIELDS_MAX] = {0};
    const struct config_place start = place_of(w, &w->event.start_mark);
    for (;;) {
        if (!next(w)) {
            return false;
        }
        if (w->event.type == YAML_MAPPING_END_EVENT) {
            break;
        }
        if (!walk_field(w, fields, path, line_of)) {
            return false;
        }
    }
    for (uint32_t i = 0; fields[i].key != NULL; i++) {
        if (line_of[i] == 0 && (fields[i].value.flags & CYAML_FLAG_OPTIONAL) == 0) {
            config_fault(w->report, start, fields[i].key, "missing; expected %s",
                         expected_of(w, fields[i].key));
        }
    }
    return true;
}

static bool walk_sequence(struct walk *w, const cyaml_schema_value_t *schema, const char *path)
{
    for (uint32_t i = 0;; i++) {
        if (!next(w)) {
            return false;
        }
        if (w->event.type == YAML_SEQUENCE_END_EVENT) {
            return true;
        }
        char below[SHAPE_PATH_BYTES];
        snprintf(below, sizeof below, "%.40s[%u]", path, i);
        if (!walk_value(w, schema->sequence.entry, below)) {
            return false;
        }
    }
}

static void walk_scalar(struct walk *w, const char *path)
{
    const char *value = (const char *)w->event.data.scalar.value;
    if (strlen(value) != w->event.data.scalar.length) {
        char key[SHAPE_PATH_BYTES];
        config_fault(w->report, place_of(w, &w->event.start_mark), key_of(path, key),
                     "a zero byte inside; expected %s", expected_of(w, path));
    }
}

enum kind { KIND_VALUE, KIND_LIST, KIND_MAPPING, KIND_ALIAS };

static enum kind kind_of_event(const yaml_event_t *event)
{
    if (event->type == YAML_ALIAS_EVENT) {
        return KIND_ALIAS;
    }
    if (event->type == YAML_SEQUENCE_START_EVENT) {
        return KIND_LIST;
    }
    return event->type == YAML_MAPPING_START_EVENT ? KIND_MAPPING : KIND_VALUE;
}

static enum kind kind_of_schema(const cyaml_schema_value_t *schema)
{
    if (schema->type == CYAML_SEQUENCE) {
        return KIND_LIST;
    }
    return schema->type == CYAML_MAPPING ? KIND_MAPPING : KIND_VALUE;
}

static const char *kind_name(enum kind kind, const yaml_event_t *event)
{
    static const char *const names[] = {"a value", "a list", "a mapping", "an alias"};
    const bool empty = kind == KIND_VALUE && event->data.scalar.length == 0;
    return empty ? "empty" : names[kind];
}

static bool walk_value(struct walk *w, const cyaml_schema_value_t *schema, const char *path)
{
    const enum kind is = kind_of_event(&w->event);
    const enum kind wanted = kind_of_schema(schema);
    if (!remember(w, path)) {
        return skip(w);
    }
    if (is != wanted) {
        char key[SHAPE_PATH_BYTES];
        config_fault(w->report, place_of(w, &w->event.start_mark), key_of(path, key),
                     "%s; expected %s", kind_name(is, &w->event), expected_of(w, path));
        return skip(w);
    }
    assert(w->depth < SHAPE_DEPTH_MAX); /* as deep as our own tables, not as the file */
    w->depth++;
    bool done = true;
    if (is == KIND_LIST) {
        done = walk_sequence(w, schema, path);
    } else if (is == KIND_MAPPING) {
        done = walk_mapping(w, schema->mapping.fields, path);
    } else {
        walk_scalar(w, path);
    }
    w->depth--;
    return done;
}

/* Stream and document are opened, there is one document, and both are closed. */
static bool walk_stream(struct walk *w, const cyaml_schema_value_t *schema)
{
    if (!next_after(w, 2)) {
        return false;
    }
    if (w->event.type == YAML_STREAM_END_EVENT) {
        config_fault(w->report, (struct config_place){w->shape->file, 0, 0}, "",
                     "the file is empty");
        return true;
    }
    if (!next(w) || !walk_value(w, schema, "") || !next_after(w, 2)) {
        return false;
    }
    if (w->event.type != YAML_STREAM_END_EVENT) {
        config_fault(w->report, place_of(w, &w->event.start_mark), "",
                     "a second document begins here; expected one");
    }
    return true;
}

bool shape_read(struct shape *s, const struct cyaml_schema_value *schema,
                const struct shape_key *keys, const void *bytes, size_t size_bytes,
                struct config_report *report)
{
    struct walk w = {.shape = s, .keys = keys, .report = report};
    const uint32_t before = report->fault_count;
    if (yaml_parser_initialize(&w.parser) != 1) {
        config_fault(report, (struct config_place){s->file, 0, 0}, "", "out of memory");
        return false;
    }
    yaml_parser_set_input_string(&w.parser, bytes, size_bytes);
    if (!walk_stream(&w, schema) && !w.too_deep) {
        report_syntax(&w, bytes, size_bytes);
    }
    yaml_event_delete(&w.event);
    yaml_parser_delete(&w.parser);
    return report->fault_count == before;
}

struct config_place shape_place(const struct shape *s, const char *path)
{
    struct config_place place = {s->file, 0, 0};
    size_t nearest = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct shape_entry *e = &s->entries[i];
        const size_t size = strlen(e->path);
        const bool around = strncmp(e->path, path, size) == 0 &&
                            (size == 0 || strchr(".[", path[size]) != NULL);
        if (around && (place.line == 0 || size > nearest)) {
            nearest = size;
            place.line = e->line;
            place.column = e->column;
        }
    }
    return place;
}
