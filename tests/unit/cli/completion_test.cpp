// SPDX-License-Identifier: Apache-2.0
// That nothing of the tables is missing in a script; what shells make of it is
// for tests/system/test_completion.py.
#include "cli/completion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command.hpp"

namespace unitc::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

class Completion : public testing::TestWithParam<const char*> {
protected:
    std::string script_ = completion(GetParam()).value();
};

INSTANTIATE_TEST_SUITE_P(Of, Completion, testing::Values("bash", "zsh", "fish"),
                         [](const auto& shell) { return std::string{shell.param}; });

TEST_P(Completion, knows_every_command_and_option) {
    // fish knows long options without their dashes.
    const std::string dashes = std::string_view{GetParam()} == "fish" ? "-l " : "--";
    for (const Command& command : commands()) {
        EXPECT_THAT(script_, HasSubstr(command.name));
        for (const Option& option : command.options) {
            if (option.help == nullptr)
                continue;
            EXPECT_THAT(script_, HasSubstr(dashes + option.name)) << command.name;
        }
    }
    for (const Options& list : {kGlobalOptions, kRootOptions})
        for (const Option& option : list)
            EXPECT_THAT(script_, HasSubstr(dashes + option.name));
}

TEST_P(Completion, offers_the_words_of_a_value) {
    EXPECT_THAT(script_, HasSubstr("table json"));
    EXPECT_THAT(script_, HasSubstr("bash zsh fish"));
}

TEST_P(Completion, hides_what_the_help_hides) {
    EXPECT_THAT(script_,
                Not(HasSubstr(std::string_view{GetParam()} == "fish" ? "-l all" : "--all")));
}

TEST(CompletionScript, is_there_for_three_shells_only) {
    EXPECT_EQ(completion("csh").error().message, "'csh': must be bash, zsh or fish");
}

}  // namespace
}  // namespace unitc::cli
