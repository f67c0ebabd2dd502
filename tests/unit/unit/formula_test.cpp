// SPDX-License-Identifier: Apache-2.0
// Tables of numbers: shares, quotas, weights, CPU lists.
#include "unit/formula.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "unit/cpuset.hpp"

namespace unitc::unit {
namespace {

TEST(WeightOfShares, GoesThroughTheFixedPoints) {
    struct Row {
        uint64_t shares, weight;
    };
    for (const Row& row : {Row{0, 1}, Row{1, 1}, Row{2, 1}, Row{3, 2}, Row{10, 4}, Row{100, 17},
                           Row{102, 17}, Row{512, 59}, Row{1000, 99}, Row{1024, 100},
                           Row{2048, 174}, Row{4096, 303}, Row{10000, 627}, Row{204800, 8064},
                           Row{262143, 10000}, Row{262144, 10000}, Row{UINT64_MAX, 10000}})
        EXPECT_EQ(weight_of_shares(row.shares), row.weight) << row.shares;
}

TEST(WeightOfShares, AgreesWithTheMathLibraryEverywhere) {
    for (uint64_t shares = 3; shares < 262'144; ++shares) {
        const double l = std::log2(static_cast<double>(shares));
        const double weight = std::pow(10.0, (l * l + 125.0 * l) / 612.0 - 7.0 / 34.0);
        ASSERT_EQ(weight_of_shares(shares), static_cast<uint64_t>(std::ceil(weight - 1e-9)))
            << shares;
    }
}

TEST(Quota, IsRoundedUpToWhatAUnitFileKeeps) {
    struct Row {
        uint64_t quota, period, per_second, kept;
    };
    for (const Row& row :
         {Row{50'000, 100'000, 500'000, 50'000}, Row{150'000, 100'000, 1'500'000, 150'000},
          Row{1'000, 100'000, 10'000, 1'000}, Row{33'333, 100'000, 340'000, 34'000},
          Row{12'345, 100'000, 130'000, 13'000}, Row{10'000, 33'333, 310'000, 10'333},
          Row{1'000, 1'000'000, 10'000, 10'000}, Row{1'000, 1'000, 1'000'000, 1'000},
          Row{10'000'000'000'000, 1'000, 10'000'000'000'000'000, 10'000'000'000'000}}) {
        EXPECT_EQ(per_second_of_quota(row.quota, row.period), row.per_second) << row.quota;
        EXPECT_EQ(kept_quota(row.per_second, row.period), row.kept) << row.quota;
    }
}

TEST(IoWeight, SpreadsTheOldRangeOverTheNew) {
    EXPECT_EQ(io_weight_of_blkio(10), 1u);
    EXPECT_EQ(io_weight_of_blkio(100), 910u);
    EXPECT_EQ(io_weight_of_blkio(500), 4950u);
    EXPECT_EQ(io_weight_of_blkio(1000), 10000u);
}

TEST(BfqWeight, IsTheInverseOfSystemds) {
    // BFQ_WEIGHT of systemd: up to 100 the same, then 9900 steps on 900.
    const auto systemds = [](uint64_t weight) {
        return weight <= 100 ? weight : 100 + (weight - 100) * 900 / 9900;
    };
    for (uint64_t weight = 1; weight <= 1000; ++weight)
        ASSERT_EQ(systemds(io_weight_of_bfq(weight)), weight);
    EXPECT_EQ(io_weight_of_bfq(1000), 10000u);
}

TEST(CpuList, BecomesAMaskAndComesBack) {
    struct Row {
        const char* list;
        Bytes mask;
        const char* back;
    };
    const Row rows[] = {
        {"0", {0x01}, "0"},
        {"0-3,7", {0x8f}, "0-3,7"},
        {"8", {0x00, 0x01}, "8"},
        {"7,6,5", {0xe0}, "5-7"},
        {"0-7,8-15", {0xff, 0xff}, "0-15"},
        {" 1 , 3-3,", {0x0a}, "1,3"},
        {"0,0,0-1", {0x03}, "0-1"},
    };
    for (const Row& row : rows) {
        const auto mask = mask_of_list(row.list);
        ASSERT_TRUE(mask) << row.list << ": " << mask.error().message;
        EXPECT_EQ(*mask, row.mask) << row.list;
        EXPECT_EQ(list_of_mask(*mask), row.back) << row.list;
    }
    EXPECT_EQ(mask_of_list("8191")->size(), 1024u);
}

TEST(CpuList, IsRefusedWhenItIsNone) {
    for (const char* list : {"", ",", "a", "1-", "-1", "3-1", "0-8192", "99999999999", "1;2", "0x1",
                             "1--2", "0-3:1", "+1"})
        EXPECT_FALSE(mask_of_list(list)) << list;
}

}  // namespace
}  // namespace unitc::unit
