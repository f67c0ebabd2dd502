// SPDX-License-Identifier: Apache-2.0
// A list of allow and deny rules, worked off in order from "deny all", as the
// allow list that is all systemd knows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "oci/resources.hpp"
#include "unit/property.hpp"

namespace unitc::unit {

struct AllowedDevice {
    char type = 'c';               // 'c' or 'b'
    std::optional<int64_t> major;  // absent: any; then minor is absent, too
    std::optional<int64_t> minor;
    unsigned access = 0;  // kRead | kWrite | kMknod
};

inline constexpr unsigned kRead = 1;
inline constexpr unsigned kWrite = 2;
inline constexpr unsigned kMknod = 4;
inline constexpr unsigned kAnyAccess = 7;

class DeviceList {
public:
    // Fails where the outcome is not an allow list: a hole in a wildcard, a
    // minor number without its major.
    Result<> apply(const oci::DeviceRule& rule);

    bool allows_all() const { return allow_all_; }
    const std::vector<AllowedDevice>& allowed() const { return allowed_; }

    // Entries of DeviceAllow: "/dev/char/1:3" rwm, "char-136" rw, "block-*" m.
    // Each node once, its accesses united: systemd lets a second entry of
    // the same name replace the first.
    StringPairs entries() const;

private:
    Result<> allow(const AllowedDevice& device);
    Result<> deny(const AllowedDevice& device);

    bool allow_all_ = false;
    std::vector<AllowedDevice> allowed_;
};

// Of the config's rules and what every container may use.
Result<DeviceList> list_devices(const std::vector<oci::DeviceRule>& rules);

}  // namespace unitc::unit
