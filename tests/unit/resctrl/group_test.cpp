// SPDX-License-Identifier: Apache-2.0
// Groups in a directory that stands in for resctrl: files are files there, and
// a new directory has none of its own.
#include "resctrl/group.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.hpp"

namespace unitc::resctrl {
namespace {

using testing::HasSubstr;

class RdtGroup : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_NE(::mkdtemp(path_), nullptr);
        root_ = *sys::open_at(AT_FDCWD, path_, O_RDONLY | O_DIRECTORY);
        put("schemata", "L3:0=fff\n");
        put("tasks", "");
    }
    void TearDown() override {
        for (auto name = made_.rbegin(); name != made_.rend(); ++name)
            ::unlinkat(root_.get(), name->c_str(), name->ends_with('/') ? AT_REMOVEDIR : 0);
        EXPECT_EQ(::rmdir(path_), 0);
    }
    void put(const std::string& name, const std::string& content) {
        const auto file = sys::open_at(root_, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        ASSERT_TRUE(file && sys::write_all(*file, content));
        made_.push_back(name);
    }
    void make(const std::string& name) {
        ASSERT_EQ(::mkdirat(root_.get(), name.c_str(), 0755), 0);
        made_.push_back(name + "/");
    }
    // A class as the kernel makes it.
    void make_class(const std::string& name) {
        make(name);
        put(name + "/schemata", "    L3:0=00f\n");
        put(name + "/tasks", "");
        make(name + "/mon_groups");
    }
    std::string content(const std::string& name) {
        return sys::read_file(root_.get(), name.c_str()).value_or("(no file)");
    }
    Result<Group> decided(oci::IntelRdt rdt) { return decide(root_, rdt, "web"); }
    std::string refusal(oci::IntelRdt rdt) {
        const auto group = decided(std::move(rdt));
        return group ? "accepted" : group.error().message;
    }

    char path_[32] = "/tmp/unitc-resctrl-XXXXXX";
    Fd root_;
    std::vector<std::string> made_;
};

oci::IntelRdt wanting(const std::string& clos, const std::string& l3 = "", bool monitored = false) {
    oci::IntelRdt rdt;
    rdt.clos_id = clos;
    rdt.l3_cache_schema = l3;
    rdt.enable_monitoring = monitored;
    return rdt;
}

TEST_F(RdtGroup, WithoutAClosIdIsTheContainersAndGoesWithIt) {
    const Group group = decided(wanting("", "L3:0=f", true)).value();
    EXPECT_EQ(group.clos, "web");
    EXPECT_TRUE(group.make_clos);
    EXPECT_EQ(group.home(), "web/mon_groups/web");
    EXPECT_EQ(group.undo(), "web");
    EXPECT_EQ(group.leftover(), "web");
    EXPECT_EQ(group.lines, "L3:0=f\n");
}

TEST_F(RdtGroup, HasNoNameOfSomethingElseThere) {
    make("info");
    for (const char* name : {"info", "tasks", "schemata"})
        EXPECT_THAT(refusal(wanting(name, "L3:0=f")), HasSubstr("of resctrl's own")) << name;
}

TEST_F(RdtGroup, ThatWasThereIsLeftThere) {
    make_class("web");
    EXPECT_EQ(decided(wanting(""))->leftover(), "");
    EXPECT_EQ(decided(wanting(""))->undo(), "");
    EXPECT_EQ(decided(wanting("", "", true))->leftover(), "web/mon_groups/web");
}

TEST_F(RdtGroup, WithAClosIdStaysOnceTheContainerIsMade) {
    const Group group = decided(wanting("gold", "L3:0=f", true)).value();
    EXPECT_TRUE(group.make_clos);
    EXPECT_EQ(group.undo(), "gold");
    EXPECT_EQ(group.leftover(), "gold/mon_groups/web");
    EXPECT_EQ(decided(wanting("gold", "L3:0=f"))->leftover(), "");
}

TEST_F(RdtGroup, MustBeThereWhereNothingSaysHowToMakeIt) {
    EXPECT_THAT(refusal(wanting("gold")),
                HasSubstr("linux.intelRdt.closID: 'gold' does not exist"));
    make_class("gold");
    EXPECT_EQ(refusal(wanting("gold")), "accepted");
}

TEST_F(RdtGroup, ThatIsThereMustBeAsAskedFor) {
    make_class("gold");
    EXPECT_EQ(refusal(wanting("gold", "L3:0=f")), "accepted");
    EXPECT_EQ(decided(wanting("gold", "L3:0=f"))->lines, "") << "is written to";
    EXPECT_THAT(refusal(wanting("gold", "L3:0=ff")), HasSubstr("exists with other schemata"));
}

TEST_F(RdtGroup, OfTheDefaultClassIsTheRoot) {
    const Group group = decided(wanting("/", "", true)).value();
    EXPECT_EQ(group.clos, ".");
    EXPECT_EQ(group.home(), "mon_groups/web");
    EXPECT_EQ(group.leftover(), "mon_groups/web");
}

TEST_F(RdtGroup, GetsTheProcess) {
    make_class("gold");
    Group group = *decided(wanting("gold", "L3:0=f"));
    ASSERT_TRUE(enter(root_, group, 4711));
    EXPECT_EQ(content("gold/tasks"), "4711");
    EXPECT_EQ(content("gold/schemata"), "    L3:0=00f\n");
    put("gold/tasks", "");  // a file of the kernel has no old end to show
    ASSERT_TRUE(join(root_, "gold"));
    EXPECT_EQ(content("gold/tasks"), std::to_string(::getpid()));
}

// The class that two are made for at once is removed by neither: the kernel
// would put the other's processes into the default class.
TEST_F(RdtGroup, ThatAnotherHasMadeMeanwhileIsLeftThere) {
    Group group = *decided(wanting("gold", "L3:0=f", true));
    ASSERT_EQ(group.undo(), "gold");
    make_class("gold");
    make("gold/mon_groups/web");
    put("gold/mon_groups/web/tasks", "");
    ASSERT_TRUE(enter(root_, group, 4711));
    EXPECT_EQ(group.undo(), "");
    EXPECT_EQ(group.leftover(), "");
}

TEST_F(RdtGroup, SaysWhatTheKernelSaysOfAFailure) {
    make("info");
    put("info/last_cmd_status", "Invalid schema\n");
    Group group;
    group.clos = "none";
    const auto entered = enter(root_, group, 1);
    ASSERT_FALSE(entered);
    EXPECT_THAT(entered.error().message, HasSubstr("(last_cmd_status: Invalid schema)"));
}

TEST_F(RdtGroup, IsChangedInItsClass) {
    make_class("gold");
    make("gold/mon_groups/web");
    EXPECT_EQ(change(root_, "gold/mon_groups/web", "L3:0=00000f0\n"), "    L3:0=00f\n");
    EXPECT_EQ(content("gold/schemata"), "L3:0=00000f0\n");
    EXPECT_EQ(change(root_, "mon_groups/web", "L3:0=ff0\n\n"), "L3:0=fff\n");
}

TEST_F(RdtGroup, IsRemovedOnceOrMore) {
    ASSERT_EQ(::mkdirat(root_.get(), "web", 0755), 0);
    EXPECT_TRUE(remove(root_, "web"));
    EXPECT_TRUE(remove(root_, "web"));
}

}  // namespace
}  // namespace unitc::resctrl
