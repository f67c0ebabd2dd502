// SPDX-License-Identifier: Apache-2.0
// What is otherwise where we are not the machine's root.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include "plan/parts.hpp"

namespace unitc::plan {
namespace {

using testing::HasSubstr;

oci::Config config_of() {
    oci::Config config;
    config.process.emplace();
    config.linux_.emplace();
    return config;
}

host::Facts user() {
    host::Facts facts;
    facts.user_manager = facts.unprivileged = true;
    facts.uid = facts.gid = 1000;
    return facts;
}

host::Facts root_of_a_namespace() {
    host::Facts facts;
    facts.user_manager = facts.own_namespace = true;
    return facts;
}

InitPlan mapped(uint32_t gid, uint32_t size) {
    InitPlan init;
    init.user_namespace = UserNamespace{{}, {{{0, 1000, 1}}, {{0, gid, size}}}};
    return init;
}

std::string refusal(const oci::Config& config, const host::Facts& facts, InitPlan init) {
    const auto done = make_rootless(config, facts, init);
    return done ? "" : done.error().message;
}

TEST(RootlessPlan, ChangesNothingForTheMachinesRoot) {
    InitPlan init = mapped(1000, 1);
    ASSERT_TRUE(make_rootless(config_of(), {}, init));
    EXPECT_FALSE(init.rootless || init.unprivileged || init.keeps_groups);
}

TEST(RootlessPlan, KeepsItsGroupsWithOneGroupOfItsOwn) {
    struct Row {
        uint32_t gid, size;
        bool kept;
    };
    for (const auto& [gid, size, kept] :
         {Row{1000, 1, true}, Row{1001, 1, false}, Row{1000, 2, false}}) {
        InitPlan init = mapped(gid, size);
        ASSERT_TRUE(make_rootless(config_of(), user(), init));
        EXPECT_TRUE(init.rootless && init.unprivileged);
        EXPECT_EQ(init.keeps_groups, kept) << gid << "+" << size;
    }
}

TEST(RootlessPlan, KeepsItsGroupsWhereTheNamespaceAroundHasNoneToGive) {
    host::Facts facts = root_of_a_namespace();
    InitPlan init;
    ASSERT_TRUE(make_rootless(config_of(), facts, init));
    EXPECT_TRUE(init.rootless && !init.unprivileged && !init.keeps_groups);
    facts.setgroups_denied = true;
    ASSERT_TRUE(make_rootless(config_of(), facts, init));
    EXPECT_TRUE(init.keeps_groups);
}

TEST(RootlessPlan, RefusesWhatTakesMoreThanAUserHas) {
    EXPECT_THAT(refusal(config_of(), user(), {}), HasSubstr("linux.namespaces: rootless"));
    EXPECT_EQ(refusal(config_of(), root_of_a_namespace(), {}), "");

    oci::Config groups = config_of();
    groups.process->user.additional_gids = {7};
    EXPECT_THAT(refusal(groups, user(), mapped(1000, 1)),
                HasSubstr("process.user.additionalGids: cannot set any additional groups"));
    EXPECT_EQ(refusal(groups, root_of_a_namespace(), {}), "");

    oci::Config mounts = config_of();
    mounts.mounts.resize(2);
    InitPlan init = mapped(1000, 1);
    init.mounts.resize(2);
    init.mounts[1].idmap = init.user_namespace;
    EXPECT_THAT(refusal(mounts, user(), init), HasSubstr("mounts[1]: id-mapped mounts"));

    init = mapped(1000, 1);
    init.has_net_devices = true;
    EXPECT_THAT(refusal(config_of(), user(), init), HasSubstr("linux.netDevices"));
    EXPECT_THAT(refusal(config_of(), root_of_a_namespace(), init), HasSubstr("linux.netDevices"));
}

TEST(RootlessPlan, EntersTheUserNamespaceFirstThatGivesTheRightToTheOthers) {
    InitPlan init = mapped(1000, 1);
    init.joins = {{CLONE_NEWNET, "network", "/n"}, {CLONE_NEWUSER, "user", "/u"}};
    InitPlan privileged = init;
    ASSERT_TRUE(make_rootless(config_of(), user(), init));
    EXPECT_EQ(init.joins.front().type, CLONE_NEWUSER);
    ASSERT_TRUE(make_rootless(config_of(), root_of_a_namespace(), privileged));
    EXPECT_EQ(privileged.joins.front().type, CLONE_NEWNET);
}

}  // namespace
}  // namespace unitc::plan
