// SPDX-License-Identifier: Apache-2.0
#include "cli/help.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cli/golden.hpp"

namespace unitc::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Help, of_the_program_is_the_golden_text) {
    expect_golden("help.txt", program_help());
}

TEST(Help, of_every_command_is_the_golden_text) {
    for (const Command& command : commands())
        expect_golden(std::string{"help-"} + command.name + ".txt", command_help(command));
}

// What scripts written for runc look for.
TEST(Help, starts_as_runcs_does) {
    EXPECT_THAT(program_help(),
                StartsWith("NAME:\n   unitc - Open Container Initiative runtime\n"));
    for (const Command& command : commands())
        EXPECT_THAT(command_help(command),
                    StartsWith(std::string{"NAME:\n   unitc "} + command.name + " - "));
}

TEST(Help, hides_what_is_only_there_for_old_scripts) {
    EXPECT_THAT(command_help(*find_command("kill")), Not(HasSubstr("--all")));
}

TEST(Help, says_the_name_that_was_called) {
    set_program_name("/usr/sbin/runc");
    EXPECT_THAT(program_help(), StartsWith("NAME:\n   runc - Open"));
    EXPECT_THAT(program_help(), HasSubstr("\n   runc [global options] command"));
    EXPECT_THAT(command_help(*find_command("run")), StartsWith("NAME:\n   runc run - "));
    EXPECT_THAT(version(), StartsWith("unitc version "));
    for (const char* odd : {"", "/", "a b", "x\n", "a-name-that-is-much-too-long-to-be-one"}) {
        set_program_name(odd);
        EXPECT_EQ(program_name(), "unitc") << odd;
    }
    set_program_name("unitc-2.0");
    EXPECT_EQ(program_name(), "unitc-2.0");
    set_program_name(nullptr);
    EXPECT_EQ(program_name(), "unitc");
}

TEST(Version, has_runcs_lines) {
    EXPECT_THAT(version(), testing::MatchesRegex(
                               "unitc version [0-9]+\\.[0-9]+\\.[0-9]+\n(commit: [0-9a-f]+\n)?"
                               "spec: 1\\.3\\.0\nlibseccomp: [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

}  // namespace
}  // namespace unitc::cli
