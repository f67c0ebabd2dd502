// SPDX-License-Identifier: Apache-2.0
#include "oci/capabilities.hpp"

#include <gtest/gtest.h>

namespace unitc::oci {
namespace {

TEST(Capability, LooksLikeOneInCapitalsAlone) {
    for (const char* name : {"CAP_NEW", "A", "CAP_4"})
        EXPECT_TRUE(looks_like_capability(name)) << name;
    for (const char* name : {"", "cap_new", "CAP NEW", "_CAP", "4", "CAP_\n"})
        EXPECT_FALSE(looks_like_capability(name)) << name;
    EXPECT_FALSE(looks_like_capability(std::string(kLongestCapability + 1, 'A')));
}

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
