// SPDX-License-Identifier: Apache-2.0
#include "ops/top_view.hpp"

#include <gtest/gtest.h>

namespace unitc::ops {
namespace {

TEST(TopRow, has_rates_from_the_second_look_on) {
    const cgroup::Usage before{1'000'000, 2, 4096, 100, 200};
    const cgroup::Usage now{1'500'000, 3, 8192, 1100, 200};
    const TopRow first = top_row("web", now, std::nullopt, 2'000'000);
    EXPECT_EQ(first.tasks, 3u);
    EXPECT_EQ(first.memory, 8192u);
    EXPECT_EQ(first.cpu, std::nullopt);
    EXPECT_EQ(first.io_read, std::nullopt);
    const TopRow second = top_row("web", now, before, 2'000'000);
    EXPECT_EQ(second.cpu, 250u);  // half a second of two
    EXPECT_EQ(second.io_read, 500u);
    EXPECT_EQ(second.io_written, 0u);
}

TEST(TopRow, takes_no_fallen_counter_and_no_standing_clock_for_a_rate) {
    const cgroup::Usage before{1'000'000, 2, 4096, 100, 200};
    EXPECT_EQ(top_row("web", {}, before, 1'000'000).cpu, 0u);
    EXPECT_EQ(top_row("web", before, before, 0).cpu, std::nullopt);
}

std::string order_of(std::vector<TopRow> rows, TopOrder order) {
    sort_rows(rows, order);
    std::string ids;
    for (const TopRow& row : rows)
        ids += row.id;
    return ids;
}

TEST(TopRows, are_sorted_the_busiest_first) {
    const std::vector<TopRow> rows{{"d", 1, 0, {}, {}, {}},
                                   {"b", 2, 10, 5, 1, 1},
                                   {"a", 3, 5, 7, 0, 9},
                                   {"c", 1, 0, {}, {}, {}}};
    EXPECT_EQ(order_of(rows, TopOrder::Id), "abcd");
    EXPECT_EQ(order_of(rows, TopOrder::Tasks), "abcd");
    EXPECT_EQ(order_of(rows, TopOrder::Cpu), "abcd");
    EXPECT_EQ(order_of(rows, TopOrder::Memory), "bacd");
    EXPECT_EQ(order_of(rows, TopOrder::Io), "abcd");
}

const std::vector<TopRow> kRows{{"web", 3, 1'258'291, 125, 0, 2048},
                                {"a-long-name-of-one", 1, 0, {}, {}, {}}};

TEST(TopTable, has_systemd_cgtops_columns) {
    EXPECT_EQ(top_table(kRows, {}),
              "CONTAINER            TASKS    %CPU   MEMORY   INPUT/S  OUTPUT/S\n"
              "web                      3    12.5     1.1M        0B      2.0K\n"
              "a-long-name-of-one       1       -        -         -         -\n");
    EXPECT_EQ(top_table({}, {}), "CONTAINER      TASKS    %CPU   MEMORY   INPUT/S  OUTPUT/S\n");
}

TEST(TopTable, fits_a_terminal) {
    TopScreen screen;
    screen.rows = 2;
    screen.columns = 60;
    EXPECT_EQ(top_table(kRows, screen),
              "CONTAINER         TASKS    %CPU   MEMORY   INPUT/S  OUTPUT/S\n"
              "web                   3    12.5     1.1M        0B      2.0K\n");
    screen.rows = 0;
    EXPECT_NE(top_table(kRows, screen).find("\na-long-name-of-       1"), std::string::npos)
        << top_table(kRows, screen);
    screen.colour = true;
    EXPECT_EQ(top_table(kRows, screen).find("\033[4mCONTAINER"), 0u);
}

}  // namespace
}  // namespace unitc::ops
