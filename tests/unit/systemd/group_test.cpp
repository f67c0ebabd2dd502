// SPDX-License-Identifier: Apache-2.0
// Which cgroup is a unit's, as the kernel shows it.
#include <gtest/gtest.h>

#include "systemd/impl.hpp"

namespace unitc::systemd {
namespace {

TEST(GroupOfUnit, IsFoundBelowTheManagersOwn) {
    EXPECT_TRUE(is_group_of("/a.slice/b.scope", "/a.slice/b.scope"));
    EXPECT_TRUE(is_group_of("/docker/1/a.slice/b.scope", "/a.slice/b.scope"));
    EXPECT_TRUE(is_group_of("/b.scope", "/b.scope"));
    EXPECT_TRUE(is_group_of("/_memory.slice/_io.x.scope", "/memory.slice/io.x.scope"));
}

TEST(GroupOfUnit, IsNoOther) {
    EXPECT_FALSE(is_group_of("/", "/a.slice/b.scope"));
    EXPECT_FALSE(is_group_of("", "/a.slice/b.scope"));
    EXPECT_FALSE(is_group_of("/b.scope", "/a.slice/b.scope"));
    EXPECT_FALSE(is_group_of("/xa.slice/b.scope", "/a.slice/b.scope"));
    EXPECT_FALSE(is_group_of("/a.slice/b.scope/payload", "/a.slice/b.scope"));
    EXPECT_FALSE(is_group_of("/a.slice/__b.scope", "/a.slice/b.scope"));
}

}  // namespace
}  // namespace unitc::systemd
