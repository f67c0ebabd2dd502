// SPDX-License-Identifier: Apache-2.0
// linux.resources.devices → DevicePolicy=strict and DeviceAllow. Majors go by
// number: names of /proc/devices change with the modules that are loaded, and
// a daemon-reload looks them up again (runc#3554).
#include "unit/devices.hpp"

#include <algorithm>

#include "unit/builder.hpp"

namespace unitc::unit {
namespace {

constexpr char kField[] = "linux.resources.devices";

struct DefaultRow {
    char type;
    int64_t major;  // -1: any
    int64_t minor;
    const char* access;
};

// What every container may use whatever its config says, as in runc: making
// any node, and the devices of config-linux.md "Default Devices". 10:200 is
// /dev/net/tun, which engines have come to rely on.
constexpr DefaultRow kAlways[] = {
    {'c', -1, -1, "m"}, {'b', -1, -1, "m"},    {'c', 1, 3, "rwm"},    {'c', 1, 5, "rwm"},
    {'c', 1, 7, "rwm"}, {'c', 1, 8, "rwm"},    {'c', 1, 9, "rwm"},    {'c', 5, 0, "rwm"},
    {'c', 5, 2, "rwm"}, {'c', 136, -1, "rwm"}, {'c', 10, 200, "rwm"},
};

unsigned access_bits(std::string_view access) {
    unsigned bits = 0;
    for (const char c : access)
        bits |= c == 'r' ? kRead : c == 'w' ? kWrite : c == 'm' ? kMknod : 0;
    return bits;
}

std::string access_text(unsigned bits) {
    std::string text;
    if ((bits & kRead) != 0)
        text += 'r';
    if ((bits & kWrite) != 0)
        text += 'w';
    if ((bits & kMknod) != 0)
        text += 'm';
    return text;
}

using Number = std::optional<int64_t>;

bool covers(Number wide, Number narrow) {
    return !wide || (narrow && *wide == *narrow);
}
bool meets(Number a, Number b) {
    return !a || !b || *a == *b;
}
bool covers(const AllowedDevice& wide, const AllowedDevice& narrow) {
    return wide.type == narrow.type && covers(wide.major, narrow.major) &&
           covers(wide.minor, narrow.minor);
}
bool meets(const AllowedDevice& a, const AllowedDevice& b) {
    return a.type == b.type && meets(a.major, b.major) && meets(a.minor, b.minor) &&
           (a.access & b.access) != 0;
}

std::string node_of(const AllowedDevice& device) {
    const std::string kind = device.type == 'c' ? "char" : "block";
    if (!device.major)
        return kind + "-*";
    if (!device.minor)
        return kind + "-" + std::to_string(*device.major);
    return "/dev/" + kind + "/" + std::to_string(*device.major) + ":" +
           std::to_string(*device.minor);
}

Result<Number> number_of(Number number, int64_t most) {
    if (!number || *number == -1)
        return Number{};
    if (*number < 0 || *number > most)
        return fail("device number " + std::to_string(*number) + " must be -1 (any) to " +
                    std::to_string(most));
    return number;
}

}  // namespace

Result<> DeviceList::allow(const AllowedDevice& device) {
    if (device.minor && !device.major)
        return fail("an allow rule with a minor number needs a major one in a systemd unit");
    for (AllowedDevice& known : allowed_)
        if (known.type == device.type && known.major == device.major &&
            known.minor == device.minor) {
            known.access |= device.access;
            return {};
        }
    allowed_.push_back(device);
    return {};
}

Result<> DeviceList::deny(const AllowedDevice& device) {
    for (AllowedDevice& known : allowed_) {
        if (covers(device, known))
            known.access &= ~device.access;
        else if (meets(device, known))
            return fail("denies a part of '" + node_of(known) +
                        "', which was allowed as a whole; systemd has allow lists only");
    }
    std::erase_if(allowed_, [](const AllowedDevice& known) { return known.access == 0; });
    return {};
}

Result<> DeviceList::apply(const oci::DeviceRule& rule) {
    AllowedDevice device;
    device.major = TRY(number_of(rule.major, 4095));
    device.minor = TRY(number_of(rule.minor, 1048575));
    device.access = rule.access.empty() ? kAnyAccess : access_bits(rule.access);
    if (rule.type == 'a' && !device.major && !device.minor && device.access == kAnyAccess) {
        allow_all_ = rule.allow;
        allowed_.clear();
        return {};
    }
    if (allow_all_) {
        if (rule.allow)
            return {};
        return fail("denies a device after all were allowed; systemd has allow lists only");
    }
    for (const char type : {'c', 'b'}) {
        if (rule.type != 'a' && rule.type != type)
            continue;
        device.type = type;
        TRY(rule.allow ? allow(device) : deny(device));
    }
    return {};
}

StringPairs DeviceList::entries() const {
    StringPairs entries;
    for (const AllowedDevice& device : allowed_)
        entries.emplace_back(node_of(device), access_text(device.access));
    return entries;
}

Result<DeviceList> list_devices(const std::vector<oci::DeviceRule>& rules) {
    DeviceList list;
    for (size_t i = 0; i < rules.size(); ++i)
        TRY_IN(std::string{kField} + "[" + std::to_string(i) + "]", list.apply(rules[i]));
    for (const DefaultRow& row : kAlways)
        TRY(list.apply({true, row.type, row.major, row.minor, row.access}));
    return list;
}

Result<> add_devices(const std::vector<oci::DeviceRule>& rules, Builder& builder) {
    const DeviceList list = TRY(list_devices(rules));
    if (list.allows_all()) {
        builder.set("DevicePolicy", std::string{"auto"});
        return {};
    }
    builder.set("DevicePolicy", std::string{"strict"});
    builder.set("DeviceAllow", list.entries());
    return {};
}

}  // namespace unitc::unit
