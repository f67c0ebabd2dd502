// SPDX-License-Identifier: Apache-2.0
#include "daemon/watcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/temporary.hpp"
#include "sys/file.hpp"

namespace unitc::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Watcher, TellsOfADirectoryThatComesLater) {
    const TemporaryDirectory above;
    auto watcher = Watcher::begin(above.path() + "/state");
    ASSERT_TRUE(watcher) << watcher.error().message;
    watcher->follow_root();
    ASSERT_EQ(::mkdir((above.path() + "/another").c_str(), 0755), 0);
    EXPECT_FALSE(watcher->read()->all);
    ASSERT_EQ(::mkdir((above.path() + "/state").c_str(), 0755), 0);
    EXPECT_TRUE(watcher->read()->all);
}

TEST(Watcher, NamesTheContainersThatChange) {
    const TemporaryDirectory above;
    const std::string root = above.path() + "/state";
    ASSERT_EQ(::mkdir(root.c_str(), 0755), 0);
    auto watcher = Watcher::begin(root);
    ASSERT_TRUE(watcher) << watcher.error().message;
    watcher->follow_root();
    ASSERT_EQ(::mkdir((root + "/a").c_str(), 0755), 0);
    EXPECT_THAT(watcher->read()->ids, ElementsAre("a"));
    EXPECT_TRUE(watcher->follow("a"));
    EXPECT_FALSE(watcher->follow("a"));

    const auto dir = sys::open_at(AT_FDCWD, (root + "/a").c_str(), O_RDONLY | O_DIRECTORY);
    ASSERT_TRUE(dir);
    ASSERT_TRUE(sys::replace_file(*dir, "state.json", "{}", 0600));
    EXPECT_THAT(watcher->read()->ids, ElementsAre("a"));
    EXPECT_THAT(watcher->read()->ids, IsEmpty());

    ASSERT_EQ(::rename((root + "/a").c_str(), (root + "/.deleted:a").c_str()), 0);
    EXPECT_THAT(watcher->read()->ids, testing::Contains("a"));
    watcher->forget("a");
    ASSERT_TRUE(sys::replace_file(*dir, "state.json", "{}", 0600));
    EXPECT_THAT(watcher->read()->ids, testing::Not(testing::Contains("a")));
}

TEST(Watcher, NamesTheContainersWhoseLimitsAreWritten) {
    const TemporaryDirectory above;
    auto watcher = Watcher::begin(above / "state");
    ASSERT_TRUE(watcher) << watcher.error().message;
    ASSERT_EQ(::mkdir((above / "group").c_str(), 0755), 0);
    const auto group = sys::open_at(AT_FDCWD, (above / "group").c_str(), O_RDONLY | O_DIRECTORY);
    ASSERT_TRUE(group);
    const auto write = [&](const char* name) {
        const Fd file{::openat(group->get(), name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
        return file && ::write(file.get(), "1", 1) == 1;
    };
    for (const char* name : {"cgroup.events", "memory.events", "pids.max", "cgroup.procs"})
        ASSERT_TRUE(write(name));
    EXPECT_TRUE(watcher->follow("a", *group));
    EXPECT_FALSE(watcher->follow("a", *group));
    ASSERT_TRUE(write("cgroup.procs"));
    EXPECT_THAT(watcher->read()->ids, IsEmpty());
    ASSERT_TRUE(write("pids.max"));
    EXPECT_THAT(watcher->read()->ids, ElementsAre("a"));
    watcher->forget("a");
    ASSERT_TRUE(write("pids.max"));
    EXPECT_THAT(watcher->read()->ids, IsEmpty());
}

TEST(Watcher, NamesTheUnitsThatGetProperties) {
    const TemporaryDirectory above;
    ASSERT_EQ(::mkdir((above / "units").c_str(), 0755), 0);
    auto watcher = Watcher::begin(above / "state", above / "units");
    ASSERT_TRUE(watcher) << watcher.error().message;
    for (const char* name : {"units/a.scope", "units/b.service.d", "units/a.scope.d"})
        ASSERT_EQ(::mkdir((above / name).c_str(), 0755), 0);
    EXPECT_THAT(watcher->read()->units, ElementsAre("a.scope", "b.service"));
    watcher->follow_unit("a", "a.scope");

    const auto dir =
        sys::open_at(AT_FDCWD, (above / "units/a.scope.d").c_str(), O_RDONLY | O_DIRECTORY);
    ASSERT_TRUE(dir);
    ASSERT_TRUE(sys::replace_file(*dir, "50-TasksMax.conf", "", 0644));
    const auto changes = watcher->read();
    EXPECT_THAT(changes->units, ElementsAre("a.scope"));
    EXPECT_THAT(changes->ids, IsEmpty());
    watcher->forget("a");
    ASSERT_TRUE(sys::replace_file(*dir, "50-TasksMax.conf", "", 0644));
    EXPECT_THAT(watcher->read()->units, IsEmpty());

    for (const char* name : {"units/a.scope", "units/b.service.d"})
        ASSERT_EQ(::rmdir((above / name).c_str()), 0);
    EXPECT_THAT(watcher->read()->units, ElementsAre("a.scope"));
}

}  // namespace
}  // namespace unitc::daemon
