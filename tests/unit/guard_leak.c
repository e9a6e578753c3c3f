/* Must fail under the sanitizers: a test that leaks is not a test that passed. */
#include <criterion/criterion.h>
#include <stdlib.h>

static void *volatile kept;

Test(guard, leaks)
{
    kept = malloc(32);
    cr_assert(kept != NULL);
    kept = NULL;
}
