// SPDX-License-Identifier: Apache-2.0
#include "cli/pager.hpp"

#include <gtest/gtest.h>

#include "cli/screen.hpp"

namespace unitc::cli {
namespace {

TEST(Colour, follows_systemds_rules) {
    struct Row {
        const char *systemd_colors, *no_color, *term;
        bool terminal, wanted;
    };
    const Row rows[] = {
        {nullptr, nullptr, "xterm", true, true},
        {nullptr, nullptr, "xterm", false, false},
        {nullptr, nullptr, "dumb", true, false},
        {nullptr, nullptr, nullptr, true, false},
        {nullptr, "1", "xterm", true, false},
        {nullptr, "", "xterm", true, true},
        {"1", "1", "dumb", false, true},
        {"256", nullptr, nullptr, false, true},
        {"no", nullptr, "xterm", true, false},
        {"0", nullptr, "xterm", true, false},
        {"auto-256", nullptr, "xterm", true, true},
        {"purple", nullptr, "xterm", false, false},
    };
    for (const Row& row : rows)
        EXPECT_EQ(wants_colour({row.systemd_colors, row.no_color, row.term, row.terminal}),
                  row.wanted)
            << (row.systemd_colors != nullptr ? row.systemd_colors : "(unset)") << " "
            << (row.term != nullptr ? row.term : "(unset)") << " " << row.terminal;
}

TEST(Pagers, are_less_alone_unless_the_caller_answers_for_another) {
    using List = std::vector<std::string>;
    EXPECT_EQ(pagers(nullptr, nullptr, nullptr), List{"less"});
    EXPECT_EQ(pagers("most", "most", nullptr), List{"less"});
    EXPECT_EQ(pagers(nullptr, nullptr, "1"), List{"less"});
    EXPECT_EQ(pagers(nullptr, nullptr, "0"), (List{"pager", "less", "more"}));
    EXPECT_EQ(pagers(nullptr, "most", "1"), List{"most"});
    EXPECT_EQ(pagers("less -R", "most", "no"), List{"less -R"});
}

TEST(Pagers, are_none_where_none_is_wanted) {
    for (const char* secure : {"0", "1"}) {
        EXPECT_TRUE(pagers("", "most", secure).empty());
        EXPECT_TRUE(pagers("cat", "most", secure).empty());
        EXPECT_TRUE(pagers(nullptr, "cat", secure).empty());
    }
    EXPECT_TRUE(pagers("cat", nullptr, nullptr).empty());
}

TEST(Keys, of_top_sort) {
    EXPECT_EQ(order_of_key('m'), ops::TopOrder::Memory);
    EXPECT_EQ(order_of_key('n'), ops::TopOrder::Id);
    EXPECT_EQ(order_of_key(' '), std::nullopt);
    EXPECT_EQ(order_of_key('q'), std::nullopt);
}

}  // namespace
}  // namespace unitc::cli
