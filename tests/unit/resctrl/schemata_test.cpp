// SPDX-License-Identifier: Apache-2.0
#include "resctrl/schemata.hpp"

#include <gtest/gtest.h>

namespace unitc::resctrl {
namespace {

TEST(Schemata, AreWrittenInTheOrderOfTheSpecification) {
    oci::IntelRdt rdt;
    EXPECT_EQ(wanted_lines(rdt), "");
    rdt.schemata = {"L2:0=f", "", "MB:1=10"};
    rdt.mem_bw_schema = "MB:0=20";
    EXPECT_EQ(wanted_lines(rdt), "MB:0=20\nL2:0=f\nMB:1=10\n");
    rdt.l3_cache_schema = "L3:0=ff";
    EXPECT_EQ(wanted_lines(rdt), "L3:0=ff\nMB:0=20\nL2:0=f\nMB:1=10\n");
}

TEST(Schemata, AgreeByValueNotByText) {
    constexpr const char* kFound = "    MB:0=100;1= 20\n    L3:0=0ff;1=00f0\n";
    for (const char* wanted : {"", "L3:0=ff", "L3:1=f0;0=FF", "MB:0=100\nL3:0=0ff\n", "MB: 1=020"})
        EXPECT_TRUE(agrees(kFound, wanted)) << wanted;
    for (const char* wanted : {"L3:0=f", "L3:2=ff", "MB:0=10", "L2:0=ff", "L3:0=ff;1=ff", "L3:0"})
        EXPECT_FALSE(agrees(kFound, wanted)) << wanted;
    EXPECT_TRUE(agrees("L3:0=0\n", "L3:0=00"));
}

}  // namespace
}  // namespace unitc::resctrl
