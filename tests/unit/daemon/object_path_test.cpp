// SPDX-License-Identifier: Apache-2.0
#include "daemon/object_path.hpp"

#include <gtest/gtest.h>

namespace unitc::daemon {
namespace {

TEST(ObjectPath, IsWrittenAsSdBusDoes) {
    struct Row {
        const char* text;
        const char* label;
    };
    // sd_bus_path_encode(3): letters and inner digits stay.
    constexpr Row kRows[] = {
        {"web", "web"},
        {"web-1", "web_2d1"},
        {"1st", "_31st"},
        {"a.b+c_d", "a_2eb_2bc_5fd"},
        {"unitc-x.scope", "unitc_2dx_2escope"},
        {"", "_"},
        {"Z9", "Z9"},
    };
    for (const Row& row : kRows)
        EXPECT_EQ(encode_label(row.text), row.label);
}

TEST(ObjectPath, OfAContainerIsBelowTheManagers) {
    EXPECT_EQ(container_path(*ContainerId::parse("web-1")), "/org/unitc1/container/web_2d1");
}

}  // namespace
}  // namespace unitc::daemon
