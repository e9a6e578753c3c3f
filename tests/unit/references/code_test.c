#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "machine.h"

#define TEXT_BYTES 20000u /* five pages, the last not full */
#define PAGES_BYTES 20480u

/* A library as the loader tells of it: text from a file, and a page of RELRO. */
static struct {
    uint8_t *text;
    uint8_t *relro;
    char path[256];
    ElfW(Phdr) headers[3];
    struct dl_phdr_info info;
    bool loaded;
    uint32_t others; /* so many more, of RELRO alone */
} library;

static int objects(void *self, int (*each)(struct dl_phdr_info *, size_t, void *), void *data)
{
    (void)self;
    struct dl_phdr_info other = library.info;
    for (uint32_t i = 0; i < library.others; i++) {
        ElfW(Phdr) header = library.headers[1];
        other.dlpi_addr = 0;
        header.p_vaddr = (ElfW(Addr))(uintptr_t)library.text;
        header.p_memsz = 4096 * (1 + i % 5);
        other.dlpi_phdr = &header;
        other.dlpi_phnum = 1;
        char name[32];
        snprintf(name, sizeof name, "other%u", i);
        other.dlpi_name = name;
        each(&other, sizeof other, data);
    }
    return library.loaded ? each(&library.info, sizeof library.info, data) : 0;
}

/* The real table of mappings, as it is now. */
static void copy_maps(void)
{
    static char text[1 << 20];
    FILE *file = fopen("/proc/self/maps", "r");
    const size_t size_bytes = fread(text, 1, sizeof text, file);
    fclose(file);
    machine_bytes("/proc/self/maps", text, size_bytes);
}

static void load(void)
{
    uint8_t bytes[TEXT_BYTES];
    for (uint32_t i = 0; i < TEXT_BYTES; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    }
    machine_bytes("/lib/library.so", bytes, sizeof bytes);
    snprintf(library.path, sizeof library.path, "%s", machine_path("/lib/library.so"));
    const int file = open(library.path, O_RDONLY);
    library.text = mmap(NULL, PAGES_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    library.relro =
        mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    close(file);
    for (uint32_t i = 0; i < PAGES_BYTES; i += 4096) {
        ((volatile uint8_t *)library.text)[i] = library.text[i]; /* pages of its own */
    }
    library.headers[0] = (ElfW(Phdr)){.p_type = PT_LOAD,
                                      .p_flags = PF_R | PF_X,
                                      .p_memsz = TEXT_BYTES,
                                      .p_filesz = TEXT_BYTES};
    library.headers[1] = (ElfW(Phdr)){.p_type = PT_GNU_RELRO,
                                      .p_flags = PF_R,
                                      .p_memsz = 5000,
                                      .p_vaddr = (ElfW(Addr))(uintptr_t)library.relro -
                                                 (ElfW(Addr))(uintptr_t)library.text};
    library.headers[2] = (ElfW(Phdr)){.p_type = PT_LOAD,
                                      .p_flags = PF_R | PF_W,
                                      .p_memsz = 8192,
                                      .p_vaddr = library.headers[1].p_vaddr};
    library.info = (struct dl_phdr_info){.dlpi_addr = (ElfW(Addr))(uintptr_t)library.text,
                                         .dlpi_name = library.path,
                                         .dlpi_phdr = library.headers,
                                         .dlpi_phnum = 3};
    library.loaded = true;
    copy_maps();
}

static struct reference_context *start(void)
{
    struct reference_context *context = machine();
    context->seams.objects = objects;
    memset(&library, 0, sizeof library);
    load();
    machine_file("/proc/self/status", "Name: test\nTracerPid:\t0\n");
    return context;
}

Test(code, that_does_not_change_is_right)
{
    start();
    for (int i = 0; i < 3; i++) {
        const struct finding f = machine_run(6);
        cr_assert(f.result == RESULT_OK, "%s", machine_words(&f));
        cr_assert(eq(u64, f.evidence.count, 2));
        cr_assert(eq(u64, f.evidence.expected, (PAGES_BYTES + 4096) / 1024));
    }
    library.relro[4096] ^= 1;
    cr_assert(machine_run(6).result == RESULT_OK, "behind the last whole page of RELRO");
}

Test(code, with_a_turned_bit_is_fatal_and_placed)
{
    static const uint32_t places[] = {0,          4095,           12345, TEXT_BYTES - 1,
                                      TEXT_BYTES, PAGES_BYTES - 1};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        start();
        cr_assert(machine_run(6).result == RESULT_OK);
        library.text[places[i]] ^= 0x20;
        const struct finding f = machine_run(6);
        cr_assert(f.result == RESULT_FATAL);
        cr_assert(eq(u64, f.evidence.address, (uint64_t)(uintptr_t)&library.text[places[i]]));
        cr_assert(eq(u64, f.evidence.expected ^ f.evidence.got, 0x20));
        cr_assert_str_eq(f.evidence.subject, "library.so");
    }
}

Test(code, with_changed_relocations_is_fatal)
{
    start();
    cr_assert(machine_run(6).result == RESULT_OK);
    library.relro[4095] ^= 1;
    cr_assert(machine_run(6).result == RESULT_FATAL);
}

Test(code, with_break_points_is_silent_while_it_is_traced)
{
    start();
    cr_assert(machine_run(6).result == RESULT_OK);
    const uint8_t kept[] = {library.text[100], library.text[9000]};
    library.text[100] = 0xcc;
    library.text[9000] = 0xcc;
    machine_file("/proc/self/status", "Name: test\nTracerPid:\t4711\n");
    struct finding f = machine_run(6);
    cr_assert(f.result == RESULT_SILENT);
    cr_assert(eq(u64, f.evidence.count, 2));
    library.text[100] = kept[0];
    library.text[9000] = kept[1];
    cr_assert(machine_run(6).result == RESULT_OK);
    library.text[100] = 0xcc;
    machine_file("/proc/self/status", "Name: test\nTracerPid:\t0\n");
    cr_assert(machine_run(6).result == RESULT_FATAL, "nobody debugs");
    machine_file("/sys/kernel/tracing/uprobe_events", "p:uprobes/p /lib/library.so:0x64\n");
    cr_assert(machine_run(6).result == RESULT_SILENT, "the kernel probes");
}

Test(code, with_a_break_point_and_a_turned_bit_is_fatal)
{
    start();
    cr_assert(machine_run(6).result == RESULT_OK);
    machine_file("/proc/self/status", "Name: test\nTracerPid:\t4711\n");
    library.text[100] = 0xcc;
    library.text[9000] ^= 1;
    cr_assert(machine_run(6).result == RESULT_FATAL);
}

static void change_file(uint32_t place)
{
    const int file = open(library.path, O_RDWR);
    uint8_t byte;
    cr_assert(pread(file, &byte, 1, place) == 1);
    byte ^= 1;
    cr_assert(pwrite(file, &byte, 1, place) == 1);
    close(file);
}

Test(code, otherwise_than_on_the_disk_from_the_start_is_fatal)
{
    start();
    change_file(15000);
    const struct finding f = machine_run(6);
    cr_assert(f.result == RESULT_FATAL);
    cr_assert(eq(u32, f.evidence.note, CODE_CACHED));
    cr_assert(eq(u64, f.evidence.address, (uint64_t)(uintptr_t)&library.text[15000]));
}

Test(code, whose_file_was_replaced_is_not_compared)
{
    start();
    unlink(library.path);
    machine_bytes("/lib/library.so", "another", 7);
    struct finding f = machine_run(6);
    cr_assert(f.result == RESULT_OK);
    cr_assert(eq(u32, f.evidence.note, CODE_UNPROVEN));
    library.text[1] ^= 1;
    cr_assert(machine_run(6).result == RESULT_FATAL, "the first digest stands alone");
    start();
    machine_file("/proc/self/maps", "rubbish\n\xff 12-\n");
    f = machine_run(6);
    cr_assert(f.result == RESULT_OK);
    cr_assert(eq(u32, f.evidence.note, CODE_UNPROVEN));
}

Test(code, of_libraries_comes_and_goes)
{
    start();
    library.loaded = false;
    cr_assert(eq(u64, machine_run(6).evidence.count, 0));
    library.loaded = true;
    cr_assert(eq(u64, machine_run(6).evidence.count, 2));
    library.loaded = false;
    cr_assert(eq(u64, machine_run(6).evidence.count, 0));
    library.text[5] ^= 1;
    change_file(5);
    library.loaded = true;
    cr_assert(machine_run(6).result == RESULT_OK, "another text at the same place");
    library.relro[5] ^= 1;
    library.info.dlpi_subs++;
    cr_assert(machine_run(6).result == RESULT_OK, "another library's relocations");
    library.relro[5] ^= 1;
    cr_assert(machine_run(6).result == RESULT_FATAL, "nothing was closed since");
}

Test(code, of_more_parts_than_are_watched_is_degraded)
{
    start();
    library.others = CODE_PARTS_MAX + 1;
    const struct finding f = machine_run(6);
    cr_assert(f.result == RESULT_DEGRADED);
    cr_assert(eq(u64, f.evidence.count, CODE_PARTS_MAX));
}

static void *no_map(void *self, size_t size_bytes, bool huge)
{
    (void)self;
    (void)size_bytes;
    (void)huge;
    return NULL;
}

Test(code, without_memory_to_compare_is_unknown)
{
    start()->seams.map = no_map;
    cr_assert(machine_run(6).result == RESULT_UNKNOWN);
}

Test(code, reports_its_negative)
{
    start();
    machine_run(6);
    cr_assert(reference_find(6)->negative(machine_context()));
    cr_assert(machine_run(6).result == RESULT_OK, "and leaves no trace");
}
