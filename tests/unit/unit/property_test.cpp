// SPDX-License-Identifier: Apache-2.0
// Properties in busctl's syntax.
#include "unit/property.hpp"

#include <gtest/gtest.h>

namespace unitc::unit {
namespace {

TEST(PropertyText, IsWhatBusctlTakes) {
    struct Row {
        Property property;
        const char* text;
    };
    const Row rows[] = {
        {{"A", true}, "A b true"},
        {{"A", int32_t{-1}}, "A i -1"},
        {{"A", uint32_t{1}}, "A u 1"},
        {{"A", int64_t{-2}}, "A x -2"},
        {{"A", UINT64_MAX}, "A t 18446744073709551615"},
        {{"A", std::string{"system.slice"}}, "A s system.slice"},
        {{"A", std::string{"two words"}}, "A s \"two words\""},
        {{"A", std::string{}}, "A s \"\""},
        {{"A", std::string{"a\\x2d$(b)`c`\"d\""}}, R"(A s "a\\x2d\$(b)\`c\`\"d\"")"},
        {{"A", Bytes{1, 255}}, "A ay 2 1 255"},
        {{"A", Strings{"a", "b c"}}, "A as 2 a \"b c\""},
        {{"A", StringPairs{{"/dev/char/1:3", "rwm"}, {"char-*", "m"}}},
         "A a(ss) 2 /dev/char/1:3 rwm \"char-*\" m"},
        {{"A", StringNumbers{{"/dev/block/8:0", 5}}}, "A a(st) 1 /dev/block/8:0 5"},
        {{"A", Pidfd{7}}, "A ah 1 7"},
        {{"A", Pid{42}}, "A au 1 42"},
        {{"A", Descriptor{3}}, "A h 3"},
        {{"A", Command{"/bin/a", {"a", "b c"}}}, "A a(sasb) 1 /bin/a 2 a \"b c\" false"},
        {{"A", ByteStrings{{"AB", ""}}}, "A aay 2 2 65 66 0"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(to_text(row.property), row.text);
}

}  // namespace
}  // namespace unitc::unit
