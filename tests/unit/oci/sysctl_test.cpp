// SPDX-License-Identifier: Apache-2.0
#include "oci/sysctl.hpp"

#include <gtest/gtest.h>

namespace unitc::oci {
namespace {

TEST(SysctlPath, FollowsBothWaysOfWriting) {
    struct Case {
        const char* key;
        const char* path;
    };
    constexpr Case kCases[] = {
        {"net.ipv4.ip_forward", "net/ipv4/ip_forward"},
        {"net/ipv4/ip_forward", "net/ipv4/ip_forward"},
        {"net.ipv4.conf.eno2/100.rp_filter", "net/ipv4/conf/eno2.100/rp_filter"},
        {"net/ipv4/conf/eno2.100/rp_filter", "net/ipv4/conf/eno2.100/rp_filter"},
        {"fs.mqueue.msg_max", "fs/mqueue/msg_max"},
    };
    for (const Case& c : kCases)
        EXPECT_EQ(sysctl_path(c.key), c.path) << c.key;
}

TEST(SysctlPath, RefusesWhatCouldLeadElsewhere) {
    for (const char* key :
         {"", "kernel", "/net/ipv4/x", ".net.x", "net.", "net..x", "net//x", "net/../kernel/x",
          "net/./x", "net.//.x", "net.ipv4./.x", "net.ipv4.x=1", "net.x+kernel.y", "net.x y",
          "net.x\n", "net.x\t", "net.*", "net.\xc3\xa4", "-net.x+"})
        EXPECT_FALSE(sysctl_path(key)) << key;
    EXPECT_FALSE(sysctl_path("net." + std::string(2000, 'x')));
}

}  // namespace
}  // namespace unitc::oci
