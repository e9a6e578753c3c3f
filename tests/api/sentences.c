#include "tests/api/sentences.h"

struct agent a;
struct deciding *d;
struct status s;

void begin(uint32_t members)
{
    scene_init(&a, members, NOW_MS, SCENE_UNIX_MS);
    d = &a.node->deciding;
}

void begin_five(void)
{
    begin(SCENE_MEMBERS);
}

void end(void)
{
    scene_finish(&a);
}

void look(void)
{
    status_of(&a, NOW_MS, SCENE_UNIX_MS, &s);
}

void expect(enum status_state state, const char *level, const char *see, const char *summary,
            const char *action)
{
    char told[STATUS_SUMMARY_BYTES];
    look();
    status_summary(&s, told);
    expect_text(told, summary);
    expect_text(status_action(&s), action);
    expect_text(status_state_text(s.state), status_state_text(state));
    expect_text(status_level_text(&s), level);
    expect_text((s.reason_count == 0 ? "" : s.reasons[0].code), see);
}
