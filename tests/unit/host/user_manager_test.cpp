// SPDX-License-Identifier: Apache-2.0
// Where a user's service manager is, by the cgroup tree; and what is said where
// there is none.
#include "host/user_manager.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace unitc::host {
namespace {

using ::testing::HasSubstr;

TEST(UserManager, IsTheOutermostOfItsKindAboveAGroup) {
    struct Row {
        const char* cgroup;
        const char* group;
    };
    constexpr const char* kManager = "/user.slice/user-1000.slice/user@1000.service";
    const std::string deep = std::string{kManager} + "/app.slice/x.scope";
    const std::string nested = std::string{kManager} + "/user@0.service/x";
    for (const auto& [cgroup, group] :
         {Row{kManager, kManager}, Row{deep.c_str(), kManager}, Row{nested.c_str(), kManager},
          Row{"/machine.slice/m.scope/user.slice/user-7.slice/user@7.service/init.scope",
              "/machine.slice/m.scope/user.slice/user-7.slice/user@7.service"},
          Row{"/user.slice/user-1000.slice/session-1.scope", ""}, Row{"/", ""}, Row{"", ""},
          Row{"/user.slice/user@1000.scope", ""}, Row{"/system.slice/my-user@1.service", ""}})
        EXPECT_EQ(manager_group_of(cgroup).value_or(""), group) << cgroup;
}

TEST(UserManager, IsUsuallyInTheSliceOfItsUser) {
    EXPECT_EQ(usual_manager_group(0), "/user.slice/user-0.slice/user@0.service");
    EXPECT_EQ(usual_manager_group(65534), "/user.slice/user-65534.slice/user@65534.service");
}

Facts user() {
    Facts facts;
    facts.cgroup2 = true;
    facts.systemd = true;
    facts.kernel_major = 6;
    facts.user_manager = true;
    facts.manager_group = usual_manager_group(1000);
    facts.manager_runs = true;
    facts.delegated = true;
    return facts;
}

TEST(UserManager, ThatIsMissingIsToldWithTheWayToHaveIt) {
    EXPECT_TRUE(check(user()));
    Facts facts = user();
    facts.manager_runs = false;
    EXPECT_THAT(check(facts).error().message,
                HasSubstr("no service manager of user 1000 is running"));
    EXPECT_THAT(check(facts).error().message, HasSubstr("'loginctl enable-linger 1000'"));
}

TEST(UserManager, WithoutDelegationIsRefused) {
    Facts facts = user();
    facts.delegated = false;
    EXPECT_THAT(check(facts).error().message, HasSubstr("'Delegate=yes'"));
}

}  // namespace
}  // namespace unitc::host
