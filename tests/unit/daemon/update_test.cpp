// SPDX-License-Identifier: Apache-2.0
#include "daemon/update.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace unitc::daemon {
namespace {

using testing::HasSubstr;

Setting number(const char* name, uint64_t value) {
    return {name, "t", value};
}

TEST(Update, BecomesWhatUpdateOfTheCommandLineTakes) {
    struct Row {
        Settings settings;
        const char* document;
    };
    const Row rows[] = {
        {{number("TasksMax", 20)}, R"({"unified":{"pids.max":"20"}})"},
        {{number("TasksMax", UINT64_MAX)}, R"({"unified":{"pids.max":"max"}})"},
        {{number("MemoryMax", 1048576), number("MemorySwapMax", 0)},
         R"({"unified":{"memory.max":"1048576","memory.swap.max":"0"}})"},
        {{number("MemoryHigh", 7), number("MemoryLow", 0)},
         R"({"unified":{"memory.high":"7","memory.low":"0"}})"},
        {{number("CPUWeight", 10000)}, R"({"unified":{"cpu.weight":"10000"}})"},
        {{number("CPUQuotaPerSecUSec", 1'500'000)}, R"({"unified":{"cpu.max":"150000 100000"}})"},
        {{number("CPUQuotaPerSecUSec", UINT64_MAX)}, R"({"unified":{"cpu.max":"max 100000"}})"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(resources_of(row.settings).value_or("failed"), row.document);
}

TEST(Update, NamesWhatIsWrong) {
    struct Row {
        Settings settings;
        const char* words;
    };
    const Row rows[] = {
        {{}, "no property to update; there are: MemoryMax"},
        {{number("Status", 1)}, "property 'Status' cannot be updated; there are: MemoryMax"},
        {{number("a\nb", 1)}, "property 'a\\x0ab' cannot be updated"},
        {{{"TasksMax", "s", 0}}, "property 'TasksMax' is of type 's', must be of type 't'"},
        {{number("TasksMax", 0)},
         "property 'TasksMax' is 0, must be 1 to 2147483647, or 18446744073709551615"},
        {{number("CPUWeight", UINT64_MAX)}, "must be 1 to 10000"},
        {{number("CPUQuotaPerSecUSec", 9'999)}, "must be 10000 to 10000000000"},
        {{number("MemoryMax", UINT64_MAX - 1)}, "property 'MemoryMax' is"},
        {{number("TasksMax", 1), number("TasksMax", 2)}, "property 'TasksMax' is given twice"},
    };
    for (const Row& row : rows) {
        const auto document = resources_of(row.settings);
        ASSERT_FALSE(document) << row.words;
        EXPECT_THAT(document.error().message, HasSubstr(row.words));
        EXPECT_EQ(document.error().code, EINVAL);
    }
}

}  // namespace
}  // namespace unitc::daemon
