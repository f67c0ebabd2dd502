// SPDX-License-Identifier: Apache-2.0
// Keys of linux.sysctl. sysctl(8) writes them in two ways: with dots, where a
// slash stands for a dot inside a name (net.ipv4.conf.eno2/100.rp_filter), or,
// when a slash comes first, as a path (net/ipv4/conf/eno2.100/rp_filter).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace unitc::oci {

// The file below /proc/sys that `key` means: relative, no empty, "." or ".."
// part, only letters, digits and "_-.:@" in its parts (CVE-2022-0811 smuggled a
// second sysctl behind a "+"). Nothing for any other key.
std::optional<std::string> sysctl_path(std::string_view key);

}  // namespace unitc::oci
