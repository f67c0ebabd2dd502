// SPDX-License-Identifier: Apache-2.0
// mountinfo's lines, and what lies below a mount.
#include "sys/mount_table.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "sys/file.hpp"
#include "sys/procfs.hpp"

namespace unitc::sys {
namespace {

std::string points(const std::vector<MountEntry>& table) {
    std::string all;
    for (const MountEntry& entry : table)
        all.append(all.empty() ? "" : " ").append(entry.point);
    return all;
}

TEST(MountTable, HasTheFieldsOfEachLine) {
    const std::vector<MountEntry> wanted = {{22, 1, "/", "/proc", "proc"},
                                            {30, 22, "/a b", "/c\\d", "resctrl"}};
    EXPECT_EQ(
        parse_mount_table("22 1 0:21 / /proc rw,nosuid - proc proc rw\n"
                          "30 22 0:40 /a\\040b /c\\134d rw shared:9 master:1 - resctrl x rw\n"),
        wanted);
}

TEST(MountTable, PassesOverWhatIsNoLineOfIt) {
    for (const char* line : {"", "\n", "22 1 0:21 / /proc rw", "22 1 0:21 / /proc rw -", "- proc",
                             "x 1 0:21 / /proc rw - proc proc rw", "22 1 0:21 - proc proc rw"})
        EXPECT_TRUE(parse_mount_table(line).empty()) << line;
}

TEST(MountTable, IsWithoutAMountAndAllBelowIt) {
    const auto table = parse_mount_table(
        "1 1 0:1 / / rw - rootfs rootfs rw\n"
        "2 1 0:2 / /proc rw - proc proc rw\n"
        "5 4 0:5 / /c/proc/sys rw - proc proc rw\n"
        "3 1 0:3 / /c rw - tmpfs tmpfs rw\n"
        "4 3 0:4 / /c/proc rw - proc proc rw\n"
        "6 99 0:6 / /sys rw - sysfs sysfs rw\n");
    EXPECT_EQ(points(outside_of(3, table)), "/ /proc /sys");
    EXPECT_EQ(points(outside_of(77, table)), "/ /proc /c/proc/sys /c /c/proc /sys");
    EXPECT_EQ(points(outside_of(1, table)), "/sys");
}

TEST(MountTable, KnowsTheMountOfADescriptor) {
    const auto proc = Procfs::host();
    ASSERT_TRUE(proc);
    const auto id = mount_id(proc->fd());
    ASSERT_TRUE(id) << id.error().message;
    const auto text = proc->read("self/mountinfo");
    ASSERT_TRUE(text);
    for (const MountEntry& entry : parse_mount_table(*text))
        if (entry.id == *id) {
            EXPECT_EQ(entry.type, "proc");
            return;
        }
    FAIL() << "no line of mount " << *id;
}

}  // namespace
}  // namespace unitc::sys
