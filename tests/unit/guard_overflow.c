/* Must fail under the sanitizers: undefined behaviour ends the test that met it. */
#include <criterion/criterion.h>
#include <limits.h>

static volatile int most = INT_MAX;

Test(guard, overflows)
{
    most = most + 1;
    cr_assert(true);
}
