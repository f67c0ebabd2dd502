// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/make.hpp"
#include "plan/parts.hpp"

namespace unitc::plan {
namespace {

using testing::HasSubstr;

oci::Mount mount(std::string destination, std::string type, std::string source,
                 std::vector<std::string> options) {
    oci::Mount made;
    made.destination = std::move(destination);
    made.type = std::move(type);
    made.source = std::move(source);
    made.options = std::move(options);
    return made;
}

MountStep step_of(const oci::Mount& wanted) {
    auto step = make_mount(wanted, 0, "/bundle");
    EXPECT_TRUE(step) << step.error().message;
    return step ? *step : MountStep{};
}

std::string error_of(const oci::Mount& wanted) {
    const auto step = make_mount(wanted, 7, "/bundle");
    return step ? "no error" : step.error().message;
}

TEST(MountPlan, TurnsOptionsIntoAttributesAndKeys) {
    const MountStep step = step_of(
        mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}));
    EXPECT_EQ(step.kind, MountStep::Kind::New);
    EXPECT_EQ(step.attributes.set, uint64_t{MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME});
    ASSERT_EQ(step.data.size(), 2U);
    EXPECT_EQ(step.data[0].first, "mode");
    EXPECT_EQ(step.data[0].second, "755");
    EXPECT_EQ(step.data[1].second, "65536k");
}

TEST(MountPlan, TakesAnEmptyOptionForNone) {
    EXPECT_TRUE(step_of(mount("/run", "tmpfs", "tmpfs", {"rw", "", "nodev"})).data.empty());
    EXPECT_TRUE(step_of(mount("/a", "", "/src", {"bind", ""})).data.empty());
}

TEST(MountPlan, LetsTheLastOfContradictingOptionsWin) {
    EXPECT_EQ(step_of(mount("/a", "tmpfs", "", {"ro", "rw"})).attributes.set, 0U);
    EXPECT_EQ(step_of(mount("/a", "tmpfs", "", {"rw", "ro"})).attributes.set,
              uint64_t{MOUNT_ATTR_RDONLY});
    EXPECT_EQ(step_of(mount("/a", "tmpfs", "", {"noatime", "strictatime"})).attributes.set,
              uint64_t{MOUNT_ATTR_STRICTATIME});
}

TEST(MountPlan, KeepsTheSourcesAttributesWhereABindNamesNone) {
    const MountStep step = step_of(mount("/a", "", "/src", {"rbind", "rprivate"}));
    EXPECT_EQ(step.kind, MountStep::Kind::Bind);
    EXPECT_TRUE(step.recursive);
    EXPECT_EQ(step.attributes.clear, 0U);
    EXPECT_EQ(step.propagation, uint64_t{MS_PRIVATE});
    EXPECT_TRUE(step.recursive_propagation);
}

TEST(MountPlan, ClearsWhatABindDoesNotNameOnceItNamesAnything) {
    const MountStep step = step_of(mount("/a", "bind", "/src", {"bind", "ro"}));
    EXPECT_EQ(step.attributes.set, uint64_t{MOUNT_ATTR_RDONLY});
    EXPECT_NE(step.implied_clear & MOUNT_ATTR_NOSUID, 0U);
    EXPECT_EQ(step.implied_clear & MOUNT_ATTR_RDONLY, 0U);
    EXPECT_EQ(step.attributes.clear, 0U);
    EXPECT_EQ(step_of(mount("/a", "bind", "/src", {"bind"})).implied_clear, 0U);
    // Leaving what was not chosen names something, but chooses nothing.
    const MountStep left = step_of(mount("/a", "bind", "/src", {"bind", "atime", "diratime"}));
    EXPECT_NE(left.implied_clear & MOUNT_ATTR_NOSUID, 0U);
    EXPECT_EQ(left.attributes.clear, 0U);
}

TEST(MountPlan, ReplacesAllOfTheSourcesAccessTimesOnceOneIsChosen) {
    for (const char* option : {"noatime", "relatime", "strictatime", "nodiratime"}) {
        const MountStep step = step_of(mount("/a", "bind", "/src", {"bind", option}));
        EXPECT_EQ(step.attributes.clear, uint64_t{MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME})
            << option;
    }
    EXPECT_EQ(step_of(mount("/a", "bind", "/src", {"noatime", "atime"})).attributes.set, 0U);
}

TEST(MountPlan, ResolvesARelativeBindSourceInTheBundle) {
    EXPECT_EQ(step_of(mount("/a", "bind", "data/../x", {})).source, "/bundle/x");
}

TEST(MountPlan, CleansTheDestination) {
    EXPECT_EQ(step_of(mount("/a//b/../c/", "tmpfs", "", {})).destination, "/a/c");
    EXPECT_EQ(step_of(mount("a/b", "tmpfs", "", {})).destination, "/a/b");
    EXPECT_EQ(step_of(mount("/../../x", "tmpfs", "", {})).destination, "/x");
}

TEST(MountPlan, AppliesRecursiveAttributesToAllBelow) {
    const MountStep step = step_of(mount("/a", "bind", "/src", {"rbind", "rro"}));
    EXPECT_EQ(step.all_attributes.set, uint64_t{MOUNT_ATTR_RDONLY});
    EXPECT_EQ(step.attributes.set, 0U);
}

TEST(MountPlan, NotesWhatElseIsToBeDone) {
    EXPECT_TRUE(step_of(mount("/a", "tmpfs", "", {"tmpcopyup"})).copy_up);
    const MountStep step =
        step_of(mount("/a", "", "/s", {"rbind", "src-nofollow", "dest-nofollow", "copy-symlink"}));
    EXPECT_TRUE(step.source_nofollow && step.destination_nofollow && step.copy_symlink);
    EXPECT_FALSE(step.copy_up);
}

TEST(MountPlan, GivesTheCgroupAKindOfItsOwn) {
    EXPECT_EQ(step_of(mount("/sys/fs/cgroup", "cgroup", "cgroup", {"ro"})).kind,
              MountStep::Kind::Cgroup);
}

TEST(MountPlan, RefusesWhatCannotBeDone) {
    struct Case {
        oci::Mount mount;
        const char* error;
    };
    const Case cases[] = {
        {mount("/", "tmpfs", "", {}), "mounts[7].destination: is '/', must be below it"},
        {mount("/proc", "tmpfs", "", {}),
         "mounts[7]: only 'proc' may be mounted on /proc, not 'tmpfs'"},
        {mount("/proc/self/attr", "tmpfs", "", {}), "cannot be mounted because it is inside /proc"},
        {mount("/x/../proc/sys", "bind", "/s", {}), "cannot be mounted because it is inside /proc"},
        {mount("/a", "bind", "/s", {"size=1"}),
         "mounts[7].options: 'size' is no option of a bind mount"},
        {mount("/a", "bind", "", {}), "mounts[7].source: is missing"},
        {mount("/a", "", "tmpfs", {}), "mounts[7].type: is missing"},
        {mount("/a", "bind", "/s", {"tmpcopyup"}),
         "mounts[7].options: 'tmpcopyup' is an option of tmpfs mounts alone"},
        {mount("/a", "ramfs", "", {"tmpcopyup"}),
         "'tmpcopyup' is an option of tmpfs mounts alone, not 'ramfs'"},
        {mount("/a", "tmpfs", "", {"src-nofollow"}),
         "'src-nofollow' is an option of bind mounts alone"},
        {mount("/a", "", "", {"remount", "dest-nofollow"}),
         "'dest-nofollow' is an option of bind mounts alone"},
        {mount("/a", "cgroup", "", {"copy-symlink"}),
         "'copy-symlink' is an option of bind mounts alone"},
    };
    for (const Case& bad : cases)
        EXPECT_THAT(error_of(bad.mount), HasSubstr(bad.error));
}

TEST(MountPlan, LetsFakesOfHarmlessProcFilesPass) {
    EXPECT_EQ(step_of(mount("/proc/meminfo", "bind", "/lxcfs/meminfo", {})).destination,
              "/proc/meminfo");
    // A name that merely begins like it.
    EXPECT_EQ(step_of(mount("/process", "tmpfs", "", {})).destination, "/process");
}

TEST(Propagation, KnowsEightNamesAndNoOther) {
    EXPECT_EQ(propagation_flag("rshared"), uint64_t{MS_SHARED | MS_REC});
    EXPECT_EQ(propagation_flag("unbindable"), uint64_t{MS_UNBINDABLE});
    EXPECT_EQ(propagation_flag("rrslave"), std::nullopt);
    EXPECT_EQ(propagation_flag(""), std::nullopt);
}

InitPlan with_cgroup_mount() {
    InitPlan init;
    init.new_cgroup_namespace = true;
    init.mounts.resize(2);
    init.mounts[0].kind = MountStep::Kind::Cgroup;
    init.mounts[0].destination = "/sys/fs/cgroup";
    init.mounts[1].destination = "/sys/fs/cgroups";
    return init;
}

bool is_put_off(InitPlan init) {
    put_off_cgroup_mounts(init);
    return init.mounts[0].at_last;
}

TEST(CgroupMount, IsMadeAtLastIfNothingBelowItFollows) {
    EXPECT_TRUE(is_put_off(with_cgroup_mount()));
    InitPlan init = with_cgroup_mount();
    init.mounts[1].destination = "/sys/fs/cgroup/memory";
    EXPECT_FALSE(is_put_off(init));
    std::swap(init.mounts[0].destination, init.mounts[1].destination);
    EXPECT_TRUE(is_put_off(init)) << "what comes earlier does not count";
    init = with_cgroup_mount();
    init.masked_paths = {"/sys/fs/cgroup"};
    EXPECT_FALSE(is_put_off(init));
    init = with_cgroup_mount();
    init.readonly_paths = {"/sys/fs/cgroup/cgroup.procs"};
    EXPECT_FALSE(is_put_off(init));
    init = with_cgroup_mount();
    init.devices = {{.path = "/sys/fs/cgroup/null"}};
    EXPECT_FALSE(is_put_off(init));
}

TEST(CgroupMount, IsMadeInItsTurnForTheHostsNamespaceASharedRootOrHooks) {
    InitPlan init = with_cgroup_mount();
    init.new_cgroup_namespace = false;
    EXPECT_FALSE(is_put_off(init));
    init = with_cgroup_mount();
    init.root_propagation = MS_SHARED | MS_REC;
    EXPECT_FALSE(is_put_off(init));
    init = with_cgroup_mount();
    init.parent_has_hooks = true;
    EXPECT_FALSE(is_put_off(init)) << "hooks find all mounts made";
}

}  // namespace
}  // namespace unitc::plan
