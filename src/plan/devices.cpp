// SPDX-License-Identifier: Apache-2.0
// The device nodes of the container's /dev.
#include <sys/stat.h>

#include <algorithm>

#include "base/text.hpp"
#include "plan/parts.hpp"

namespace unitc::plan {
namespace {

struct DefaultNode {
    const char* path;
    uint32_t major;
    uint32_t minor;
};

constexpr DefaultNode kDefaults[] = {{"/dev/null", 1, 3},    {"/dev/zero", 1, 5},
                                     {"/dev/full", 1, 7},    {"/dev/random", 1, 8},
                                     {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0}};

mode_t type_bits(char type) {
    return type == 'b' ? S_IFBLK : type == 'p' ? S_IFIFO : S_IFCHR;
}

}  // namespace

std::vector<DeviceNode> make_devices(const oci::Linux& linux_part) {
    std::vector<DeviceNode> nodes;
    for (const oci::Device& device : linux_part.devices)
        nodes.push_back({text::clean_path("/" + device.path),
                         type_bits(device.type) | (device.file_mode.value_or(0666) & 07777),
                         static_cast<uint32_t>(device.major), static_cast<uint32_t>(device.minor),
                         device.uid.value_or(0), device.gid.value_or(0)});
    for (const DefaultNode& node : kDefaults) {
        const bool brought = std::any_of(nodes.begin(), nodes.end(), [&](const DeviceNode& other) {
            return other.path == node.path;
        });
        if (!brought)
            nodes.push_back({node.path, S_IFCHR | 0666, node.major, node.minor, 0, 0});
    }
    return nodes;
}

}  // namespace unitc::plan
