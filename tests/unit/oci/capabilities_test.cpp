// SPDX-License-Identifier: Apache-2.0
#include "oci/capabilities.hpp"

#include <gtest/gtest.h>

namespace unitc::oci {
namespace {

TEST(Capabilities, HaveTheKernelsNumbers) {
    EXPECT_EQ(capability_number("CAP_CHOWN"), 0);
    EXPECT_EQ(capability_number("CAP_SYS_ADMIN"), 21);
    EXPECT_EQ(capability_number("CAP_CHECKPOINT_RESTORE"), 40);
}

TEST(Capabilities, AreKnownByTheirExactNameOnly) {
    for (const char* name : {"", "CHOWN", "cap_chown", "CAP_CHOWN ", "CAP_NONE"})
        EXPECT_FALSE(capability_number(name)) << name;
}

TEST(Capabilities, SurviveTheWayToTheirNameAndBack) {
    for (int number = 0; number < kCapabilities; ++number)
        EXPECT_EQ(capability_number(capability_name(number)), number);
}

}  // namespace
}  // namespace unitc::oci
