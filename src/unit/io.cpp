// SPDX-License-Identifier: Apache-2.0
// linux.resources.blockIO → IOWeight, IODeviceWeight and IO*Max. Devices go by
// "/dev/block/M:m": systemd reads the numbers out of that name and needs no
// node (since 240).
#include <algorithm>

#include "unit/builder.hpp"
#include "unit/formula.hpp"

namespace unitc::unit {
namespace {

constexpr char kField[] = "linux.resources.blockIO.";

struct ThrottleRow {
    Throttle kind;
    std::string_view property;
    std::string_view key;    // of io.max
    std::string_view field;  // of blockIO
    const std::vector<oci::ThrottleDevice> oci::BlockIo::*devices;
    uint64_t unlimited;  // from here on the kernel shows "max"
};

constexpr uint64_t kMostIops = std::numeric_limits<uint32_t>::max();
constexpr ThrottleRow kThrottles[] = {
    {Throttle::ReadBps, "IOReadBandwidthMax", "rbps", "throttleReadBpsDevice",
     &oci::BlockIo::throttle_read_bps_device, kInfinity},
    {Throttle::WriteBps, "IOWriteBandwidthMax", "wbps", "throttleWriteBpsDevice",
     &oci::BlockIo::throttle_write_bps_device, kInfinity},
    {Throttle::ReadIops, "IOReadIOPSMax", "riops", "throttleReadIOPSDevice",
     &oci::BlockIo::throttle_read_iops_device, kMostIops},
    {Throttle::WriteIops, "IOWriteIOPSMax", "wiops", "throttleWriteIOPSDevice",
     &oci::BlockIo::throttle_write_iops_device, kMostIops},
};

// The entry of `path` in a property of type a(st), made or replaced.
void set_entry(std::string_view property, const std::string& path, uint64_t value,
               Builder& builder) {
    StringNumbers entries;
    if (const Property* known = builder.find(property))
        entries = std::get<StringNumbers>(known->value);
    const auto at = std::find_if(entries.begin(), entries.end(),
                                 [&](const auto& entry) { return entry.first == path; });
    if (at != entries.end())
        at->second = value;
    else
        entries.emplace_back(path, value);
    builder.set(property, std::move(entries));
}

// Where there is bfq, systemd derives io.bfq.weight of the same property, and
// that is the file that knows weights from 1 to 1000: it gets the very number.
Result<uint64_t> weight_of(std::string_view field, uint16_t weight, const Builder& builder) {
    if (weight < 10 || weight > 1000)
        return fail(kField + std::string{field} + ": is " + std::to_string(weight) +
                    ", must be 10 to 1000");
    return builder.bfq() ? io_weight_of_bfq(weight) : io_weight_of_blkio(weight);
}

Result<> check_numbers(std::string_view field, int64_t major, int64_t minor) {
    // The kernel's dev_t: 12 and 20 bits.
    if (major >= 0 && major < 4096 && minor >= 0 && minor < 1048576)
        return {};
    return fail(kField + std::string{field} + ": " + std::to_string(major) + ":" +
                std::to_string(minor) + " is no device number (up to 4095:1048575)");
}

}  // namespace

uint64_t io_weight_of_blkio(uint64_t weight) {
    return 1 + (weight - 10) * 9999 / 990;
}

uint64_t io_weight_of_bfq(uint64_t weight) {
    // The inverse of systemd's: up to 100 the same, above 9900 spread over 900.
    return weight <= 100 ? weight : 100 + (weight - 100) * 11;
}

bool needs_bfq(const oci::Resources& resources) {
    return resources.block_io &&
           (resources.block_io->weight || !resources.block_io->weight_device.empty());
}

std::string device_path(int64_t major, int64_t minor) {
    return "/dev/block/" + std::to_string(major) + ":" + std::to_string(minor);
}

void set_device_weight(int64_t major, int64_t minor, uint64_t weight, Builder& builder) {
    set_entry("IODeviceWeight", device_path(major, minor), weight, builder);
    builder.has_controller("io", "linux.resources.blockIO");
}

void set_throttle(Throttle kind, int64_t major, int64_t minor, uint64_t rate, Builder& builder) {
    const auto* row = std::find_if(std::begin(kThrottles), std::end(kThrottles),
                                   [&](const ThrottleRow& r) { return r.kind == kind; });
    set_entry(row->property, device_path(major, minor), rate, builder);
    if (!builder.has_controller("io", "linux.resources.blockIO"))
        return;
    // For a partition or a device mapper's device systemd limits the disk
    // below it, so the line's device is not known here, only its values.
    std::string lines;
    for (const ThrottleRow& r : kThrottles)
        if (const Property* property = builder.find(r.property))
            for (const auto& [path, value] : std::get<StringNumbers>(property->value))
                lines.append(lines.empty() ? "* " : "\n* ")
                    .append(r.key)
                    .append("=")
                    .append(value >= r.unlimited ? "max" : std::to_string(value));
    // With nothing but "max" the kernel shows no line at all.
    if (lines.find_first_of("123456789") == std::string::npos)
        return builder.expect_nothing("io.max");
    builder.expect("io.max", lines);
}

Result<> add_io(const oci::BlockIo& io, Builder& builder) {
    if (io.leaf_weight.value_or(0) != 0)
        return fail(std::string{kField} + "leafWeight: cgroup v2 has no weights for leaves");
    if (io.weight.value_or(0) != 0) {
        builder.set("IOWeight", TRY(weight_of("weight", *io.weight, builder)));
        builder.has_controller("io", "linux.resources.blockIO");
    }
    for (const oci::WeightDevice& device : io.weight_device) {
        TRY(check_numbers("weightDevice", device.major, device.minor));
        if (device.leaf_weight.value_or(0) != 0)
            return fail(std::string{kField} +
                        "weightDevice.leafWeight: cgroup v2 has no weights for leaves");
        if (device.weight.value_or(0) != 0)
            set_device_weight(device.major, device.minor,
                              TRY(weight_of("weightDevice.weight", *device.weight, builder)),
                              builder);
    }
    for (const ThrottleRow& row : kThrottles)
        for (const oci::ThrottleDevice& device : io.*row.devices) {
            TRY(check_numbers(row.field, device.major, device.minor));
            if (device.rate == 0)
                return fail(kField + std::string{row.field} +
                            ".rate: is 0, must be at least 1 per second");
            set_throttle(row.kind, device.major, device.minor, device.rate, builder);
        }
    return {};
}

}  // namespace unitc::unit
