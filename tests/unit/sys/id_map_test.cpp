// SPDX-License-Identifier: Apache-2.0
#include "sys/id_map.hpp"

#include <unistd.h>

#include "base/failure.hpp"

namespace unitc::sys {
namespace {

const IdMap kTwo = {{0, 100000, 1000}, {1000, 5, 1}};

TEST(IdMap, SaysWhatAnIdIsOutside) {
    EXPECT_EQ(to_outside(kTwo, 0), 100000U);
    EXPECT_EQ(to_outside(kTwo, 999), 100999U);
    EXPECT_EQ(to_outside(kTwo, 1000), 5U);
    EXPECT_EQ(to_outside(kTwo, 1001), std::nullopt);
    EXPECT_EQ(to_outside({}, 0), std::nullopt);
    EXPECT_EQ(to_outside({{1, 0, UINT32_MAX - 1}}, UINT32_MAX), std::nullopt);
}

TEST(IdMap, IsWrittenAndReadInTheKernelsFormat) {
    EXPECT_EQ(format_id_map(kTwo), "0 100000 1000\n1000 5 1\n");
    const auto read = parse_id_map("         0     100000       1000\n      1000   5  1\n");
    ASSERT_THAT(read, Succeeds());
    EXPECT_EQ(*read, kTwo);
    EXPECT_TRUE(parse_id_map("")->empty());
}

TEST(IdMap, RefusesWhatIsNoMap) {
    for (const char* bad : {"0 1", "0 1 2 3", "a b c", "0 1 4294967296", "0 -1 5"})
        EXPECT_FALSE(parse_id_map(bad)) << bad;
}

TEST(IdMap, OfOneIdIsWhatAUserMayWrite) {
    EXPECT_TRUE(maps_only({{0, 1000, 1}}, 1000));
    EXPECT_TRUE(maps_only({{7, 1000, 1}}, 1000));
    EXPECT_FALSE(maps_only({{0, 1000, 2}}, 1000));
    EXPECT_FALSE(maps_only({{0, 1001, 1}}, 1000));
    EXPECT_FALSE(maps_only({{0, 1000, 1}, {1, 100000, 1}}, 1000));
    EXPECT_FALSE(maps_only({}, 0));
}

TEST(IdMap, ComparesWhateverTheOrder) {
    EXPECT_TRUE(is_same_map(kTwo, {kTwo[1], kTwo[0]}));
    EXPECT_FALSE(is_same_map(kTwo, {kTwo[0]}));
    EXPECT_FALSE(is_same_map(kTwo, {{0, 100000, 1000}, {1000, 5, 2}}));
}

TEST(IdMap, OfThisProcessMapsItsOwnUser) {
    const auto maps = read_id_maps(::getpid());
    ASSERT_THAT(maps, Succeeds());
    EXPECT_NE(to_outside(maps->uids, ::getuid()), std::nullopt);
}

}  // namespace
}  // namespace unitc::sys
