// SPDX-License-Identifier: Apache-2.0
// Every option of every command with a value that it cannot have. A new option
// fails here until it is in one of the two tables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "cli/parse.hpp"

namespace unitc::cli {
namespace {

struct BadValues {
    std::string_view option;
    std::vector<const char*> values;
};

const std::vector<BadValues>& bad_values() {
    static const std::vector<BadValues> table = {
        {"additional-gids", {"", "-1", "1.0", "root", "4294967295", "1 "}},
        {"blkio-weight", {"9", "1001", "-1", "x", "1e2", " 10"}},
        {"cpu-burst", {"-1", "x", "18446744073709551616"}},
        {"cpu-idle", {"2", "-1", "true"}},
        {"cpu-period", {"999", "1000001", "-1", "x"}},
        {"cpu-quota", {"999", "-2", "x"}},
        {"cpu-rt-period", {"1", "x"}},
        {"cpu-rt-runtime", {"1", "x"}},
        {"cpu-share", {"-1", "x", "1.5"}},
        {"delay", {"", "0", "0s", "-1", "x", "1 s", "9999999999h"}},
        {"format", {"", "yaml", "JSON"}},
        {"interval", {"", "0", "0s", "-1s", "5", "1 s", "x", "9999999999h"}},
        {"iterations", {"", "0", "-1", "x", "1.5"}},
        {"kernel-memory", {"x", "-2", "1z"}},
        {"kernel-memory-tcp", {"x", "-2", "1z"}},
        {"l3-cache-schema", {"L3:0=f\nL3:1=f"}},
        {"lines", {"", "-1", "x", "+5", "4294967296"}},
        {"log-format", {"xml", "JSON"}},
        {"mem-bw-schema", {"MB:0=20\n"}},
        {"memory", {"x", "-2", "1z", "M", "1M1", "9999999999999G"}},
        {"memory-reservation", {"x", "-2"}},
        {"memory-swap", {"x", "-2"}},
        {"part-of", {"", "yes", "Auto", "auto ", "web.service"}},
        {"order", {"", "pid", "CPU"}},
        {"pids-limit", {"x", "1.5", "9223372036854775808"}},
        {"preserve-fds", {"", "-1", "x", "1.0", "2147483648"}},
        {"ready", {"", "yes", "Started"}},
        {"output", {"", "Journal", "journald"}},
        {"register", {"", "true", "Yes"}},
        {"root", {"/", "/.", "/a/.."}},
        {"rootless", {"maybe", "2"}},
        {"timeout", {"", "0", "-1", "1s", "86401"}},
        {"unit", {"", "services", "Self"}},
        {"user", {"", "root", "0:", ":0", "0:root", "0:0:0", "-1", "4294967295"}},
    };
    return table;
}

// Any text may be right: only the machine, the container or the config can
// tell. tests/system/test_bad_input.py gives these what cannot be.
constexpr std::string_view kTexts[] = {
    "apparmor",    "bundle",       "cap",     "cgroup",        "console-socket",
    "cpuset-cpus", "cpuset-mems",  "cwd",     "env",           "log",
    "pid-file",    "pidfd-socket", "process", "process-label", "resources",
};

std::vector<const char*> bad_values_of(const Option& option) {
    if (option.value_name == nullptr)
        return {"maybe", "2", "yes", "TRue"};
    for (const BadValues& row : bad_values())
        if (row.option == option.name)
            return row.values;
    return {};
}

void expect_refusals(const char* command, const Option& option) {
    const std::vector<const char*> values = bad_values_of(option);
    const bool text =
        std::find(std::begin(kTexts), std::end(kTexts), option.name) != std::end(kTexts);
    EXPECT_NE(values.empty(), !text) << command << " --" << option.name << " must be in one table";
    for (const char* value : values) {
        const std::string word = std::string{"--"} + option.name + "=" + value;
        const std::vector<const char*> words =
            *command == '\0' ? std::vector<const char*>{word.c_str(), "list"}
                             : std::vector<const char*>{command, word.c_str(), "web"};
        Invocation invocation;
        const auto parsed = parse(words, invocation);
        ASSERT_FALSE(parsed) << command << " " << word;
        EXPECT_THAT(parsed.error().message,
                    testing::StartsWith("option --" + std::string{option.name} + " '" +
                                        text::printable(value) + "': "))
            << command;
    }
}

TEST(BadValue, OfEveryOptionIsRefusedByName) {
    for (const Options& list : {kGlobalOptions, kRootOptions})
        for (const Option& option : list)
            expect_refusals("", option);
    for (const Command& command : commands())
        for (const Option& option : command.options)
            expect_refusals(command.name, option);
}

TEST(BadValue, IsWhatIsMissingBehindAnOption) {
    for (const Command& command : commands())
        for (const Option& option : command.options) {
            if (option.value_name == nullptr)
                continue;
            const std::string word = std::string{"--"} + option.name;
            Invocation invocation;
            const auto parsed =
                parse(std::vector<const char*>{command.name, word.c_str()}, invocation);
            ASSERT_FALSE(parsed) << command.name << " " << word;
            EXPECT_EQ(parsed.error().message, "flag needs an argument: " + word);
        }
}

}  // namespace
}  // namespace unitc::cli
