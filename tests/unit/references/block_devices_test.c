#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "machine.h"

static struct seams real;
static dev_t number;

static int stat_file(void *self, const char *path, struct stat *out)
{
    const int status = real.stat(self, path, out);
    out->st_dev = number;
    return status;
}

static bool of(unsigned major_number, unsigned minor_number, struct block_devices *out)
{
    struct reference_context *context = machine();
    real = context->seams;
    context->seams.stat = stat_file;
    number = makedev(major_number, minor_number);
    return block_devices_of(&context->seams, context->data_directory, &context->source, out);
}

Test(block_devices, of_a_partition_are_it_and_its_disk)
{
    struct block_devices d;
    machine_lacks("/sys");
    machine_file("/sys/devices/pci0/nvme/nvme0/nvme0n1/device/x", "");
    machine_file("/sys/devices/pci0/nvme/nvme0/nvme0n1/nvme0n1p2/partition", "2\n");
    machine_link("/sys/dev/block/259:2", "../../devices/pci0/nvme/nvme0/nvme0n1/nvme0n1p2");
    machine_link("/sys/class/block/nvme0n1p2",
                 "../../devices/pci0/nvme/nvme0/nvme0n1/nvme0n1p2");
    machine_link("/sys/class/block/nvme0n1", "../../devices/pci0/nvme/nvme0/nvme0n1");
    cr_assert(of(259, 2, &d));
    cr_assert(eq(u32, d.count, 2));
    cr_assert_str_eq(d.list[0].name, "nvme0n1p2");
    cr_assert(not(d.list[0].disk));
    cr_assert_str_eq(d.list[1].name, "nvme0n1");
    cr_assert(d.list[1].disk);
    cr_assert(block_devices_have(&d, "nvme0n1, x", 7));
    cr_assert(not(block_devices_have(&d, "nvme0n1", 6)));
}

Test(block_devices, of_an_array_are_all_that_it_is_made_of_up_to_a_bound)
{
    struct block_devices d;
    char path[128];
    char target[128];
    machine_lacks("/sys");
    machine_link("/sys/dev/block/9:0", "../../devices/virtual/block/md0");
    machine_link("/sys/class/block/md0", "../../devices/virtual/block/md0");
    for (int c = 'a'; c <= 'z'; c++) {
        snprintf(path, sizeof path, "/sys/devices/pci0/block/sd%c/device/x", c);
        machine_file(path, "");
        snprintf(path, sizeof path, "/sys/class/block/sd%c", c);
        snprintf(target, sizeof target, "../../devices/pci0/block/sd%c", c);
        machine_link(path, target);
        snprintf(path, sizeof path, "/sys/devices/virtual/block/md0/slaves/sd%c/x", c);
        machine_file(path, "");
    }
    cr_assert(of(9, 0, &d));
    cr_assert(eq(u32, d.count, BLOCK_DEVICES_MAX));
    cr_assert_str_eq(d.list[1].name, "sda");
    cr_assert(d.list[1].disk);
    cr_assert(not(d.list[0].disk));
}

Test(block_devices, that_refer_to_themselves_come_to_an_end)
{
    struct block_devices d;
    machine_lacks("/sys");
    machine_file("/sys/devices/virtual/block/dm-0/slaves/dm-0/x", "");
    machine_link("/sys/dev/block/253:0", "../../devices/virtual/block/dm-0");
    machine_link("/sys/class/block/dm-0", "../../devices/virtual/block/dm-0");
    cr_assert(of(253, 0, &d));
    cr_assert(eq(u32, d.count, 1));
}

Test(block_devices, of_what_the_kernel_has_no_name_for_are_none)
{
    struct block_devices d;
    machine_lacks("/sys");
    machine_lacks("/proc");
    cr_assert(not(of(8, 1, &d)), "no such link");
    cr_assert(not(of(0, 40, &d)), "no table of mounts");
    machine_file("/proc/self/mountinfo", "1 0 0:40 / / rw - tmpfs tmpfs rw\n");
    cr_assert(not(of(0, 40, &d)), "in memory");
    machine_file("/proc/self/mountinfo", "1 0 0:40 / / rw - btrfs /dev/null rw\n");
    cr_assert(not(of(0, 40, &d)), "no block device");
    machine_file("/proc/self/mountinfo", "rubbish\n");
    cr_assert(not(of(0, 40, &d)));
}
