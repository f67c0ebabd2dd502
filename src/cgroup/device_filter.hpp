// SPDX-License-Identifier: Apache-2.0
// Which devices the processes of a group may use: a BPF program of the type
// BPF_PROG_TYPE_CGROUP_DEVICE (config-linux.md, "Allowed Device list"), for
// groups that no manager keeps. It lives as long as the group does.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::cgroup {

struct DeviceGrant {
    char type = 'c';                // 'c' or 'b'
    std::optional<uint32_t> major;  // absent: any
    std::optional<uint32_t> minor;
    bool read = false;
    bool write = false;
    bool make = false;  // mknod(2)
};

// Grants what one of them grants in full; all else is denied.
std::vector<bpf_insn> device_program(const std::vector<DeviceGrant>& grants);

// In addition to what holds for the groups above.
Result<> filter_devices(const Fd& group, const std::vector<DeviceGrant>& grants);

}  // namespace unitc::cgroup
