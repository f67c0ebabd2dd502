// SPDX-License-Identifier: Apache-2.0
// `linux.resources` of config.json (config-linux.md "Control groups").
#include <algorithm>

#include "oci/parse_reader.hpp"

namespace unitc::oci {
namespace {

// The kernel's dev_t: 12 bits major, 20 bits minor.
constexpr int64_t kMaxMajor = 0xfff;
constexpr int64_t kMaxMinor = 0xfffff;
constexpr int64_t kMinQuota = 1000;  // µs; the kernel's min_cfs_quota_period
constexpr uint64_t kMinPeriod = 1000;
constexpr uint64_t kMaxPeriod = 1'000'000;

constexpr auto kBytesOrUnlimited = ranged<int64_t, -1, INT64_MAX>;
constexpr auto kMajor = ranged<int64_t, 0, kMaxMajor>;
constexpr auto kMinor = ranged<int64_t, 0, kMaxMinor>;

// -1 is runc's way to write "any".
template <int64_t Most>
Result<> number_or_any(const JsonValue& value, std::optional<int64_t>& out) {
    const int64_t number = TRY(expect_signed(value, -1, Most));
    out.reset();
    if (number >= 0)
        out = number;
    return {};
}

Result<> rule_type(const JsonValue& value, char& out) {
    const std::string_view type = TRY(expect_string(value, kMaxString));
    if (!type.empty() && type != "a" && type != "b" && type != "c")
        return must_be(value, "one of 'a', 'b', 'c'");
    out = type.empty() ? 'a' : type.front();
    return {};
}

Result<> access(const JsonValue& value, std::string& out) {
    out = TRY(expect_string(value, kMaxString));
    for (size_t i = 0; i < out.size(); ++i)
        if (std::string_view{"rwm"}.find(out[i]) == std::string_view::npos ||
            out.find(out[i], i + 1) != std::string::npos)
            return must_be(value, "a composition of 'r', 'w' and 'm'");
    return {};
}

Result<> device_rule(const JsonValue& value, DeviceRule& out) {
    static constexpr Field<DeviceRule> kFields[] = {
        {"allow", into<&DeviceRule::allow>, Presence::Required},
        {"type", into<&DeviceRule::type, rule_type>},
        {"major", [](const JsonValue& v,
                     DeviceRule& rule) { return number_or_any<kMaxMajor>(v, rule.major); }},
        {"minor", [](const JsonValue& v,
                     DeviceRule& rule) { return number_or_any<kMaxMinor>(v, rule.minor); }},
        {"access", into<&DeviceRule::access, access>},
    };
    TRY(read_fields(value, kFields, out));
    if (out.access.empty())
        out.access = "rwm";
    return {};
}

Result<> memory(const JsonValue& value, Memory& out) {
    static constexpr Field<Memory> kFields[] = {
        {"limit", unless_zero<&Memory::limit, kBytesOrUnlimited>},
        {"reservation", unless_zero<&Memory::reservation, kBytesOrUnlimited>},
        {"swap", unless_zero<&Memory::swap, kBytesOrUnlimited>},
        {"kernel", unless_zero<&Memory::kernel, kBytesOrUnlimited>},
        {"kernelTCP", unless_zero<&Memory::kernel_tcp, kBytesOrUnlimited>},
        {"swappiness", into<&Memory::swappiness, ranged<uint64_t, 0, 100>>},
        {"disableOOMKiller", into<&Memory::disable_oom_killer>},
        {"useHierarchy", into<&Memory::use_hierarchy>},
        {"checkBeforeUpdate", into<&Memory::check_before_update>},
    };
    return read_fields(value, kFields, out);
}

Result<> quota(const JsonValue& value, int64_t& out) {
    TRY(read(value, out));
    if (out < -1 || (out > 0 && out < kMinQuota))
        return must_be(value, "-1 (unlimited) or at least 1000");
    return {};
}

Result<> period(const JsonValue& value, uint64_t& out) {
    TRY(read(value, out));
    if (out != 0 && (out < kMinPeriod || out > kMaxPeriod))
        return must_be(value, "1000 to 1000000");
    return {};
}

constexpr auto kAnySigned = ranged<int64_t, -1, INT64_MAX>;
constexpr auto kAnyUnsigned = ranged<uint64_t, 0, UINT64_MAX>;

Result<> cpu(const JsonValue& value, Cpu& out) {
    static constexpr Field<Cpu> kFields[] = {
        {"shares", unless_zero<&Cpu::shares, kAnyUnsigned>},
        {"quota", unless_zero<&Cpu::quota, quota>},
        {"burst", into<&Cpu::burst>},
        {"period", unless_zero<&Cpu::period, period>},
        {"realtimeRuntime", unless_zero<&Cpu::realtime_runtime, kAnySigned>},
        {"realtimePeriod", unless_zero<&Cpu::realtime_period, kAnyUnsigned>},
        {"cpus", into<&Cpu::cpus, cpu_list>},
        {"mems", into<&Cpu::mems, cpu_list>},
        {"idle", into<&Cpu::idle, ranged<int64_t, 0, 1>>},
    };
    return read_fields(value, kFields, out);
}

Result<> pids(const JsonValue& value, std::optional<int64_t>& out) {
    // 0 is a limit of 0 (runtime-spec 1.3), not "not set".
    static constexpr Field<std::optional<int64_t>> kFields[] = {
        {"limit",
         [](const JsonValue& v, std::optional<int64_t>& limit) {
             return ranged<int64_t, -1, INT64_MAX>(v, limit.emplace());
         }},
    };
    return read_fields(value, kFields, out);
}

Result<> weight(const JsonValue& value, uint16_t& out) {
    constexpr uint16_t kLeast = 10;
    constexpr uint16_t kMost = 1000;
    const uint64_t number = TRY(expect_unsigned(value, 0, kMost));
    if (number != 0 && number < kLeast)
        return must_be(value, "10 to 1000");
    out = static_cast<uint16_t>(number);
    return {};
}

Result<> weight_device(const JsonValue& value, WeightDevice& out) {
    static constexpr Field<WeightDevice> kFields[] = {
        {"major", into<&WeightDevice::major, kMajor>, Presence::Required},
        {"minor", into<&WeightDevice::minor, kMinor>, Presence::Required},
        {"weight", unless_zero<&WeightDevice::weight, weight>},
        {"leafWeight", unless_zero<&WeightDevice::leaf_weight, weight>},
    };
    TRY(read_fields(value, kFields, out));
    if (!out.weight && !out.leaf_weight)
        return complain(value, "has neither weight nor leafWeight, must have one of them");
    return {};
}

Result<> throttle_device(const JsonValue& value, ThrottleDevice& out) {
    static constexpr Field<ThrottleDevice> kFields[] = {
        {"major", into<&ThrottleDevice::major, kMajor>, Presence::Required},
        {"minor", into<&ThrottleDevice::minor, kMinor>, Presence::Required},
        // The kernel refuses a rate of 0.
        {"rate", into<&ThrottleDevice::rate, ranged<uint64_t, 1, UINT64_MAX>>, Presence::Required},
    };
    return read_fields(value, kFields, out);
}

Result<> block_io(const JsonValue& value, BlockIo& out) {
    constexpr auto kThrottles = each<throttle_device, ThrottleDevice>;
    static constexpr Field<BlockIo> kFields[] = {
        {"weight", unless_zero<&BlockIo::weight, weight>},
        {"leafWeight", unless_zero<&BlockIo::leaf_weight, weight>},
        {"weightDevice", into<&BlockIo::weight_device, each<weight_device, WeightDevice>>},
        {"throttleReadBpsDevice", into<&BlockIo::throttle_read_bps_device, kThrottles>},
        {"throttleWriteBpsDevice", into<&BlockIo::throttle_write_bps_device, kThrottles>},
        {"throttleReadIOPSDevice", into<&BlockIo::throttle_read_iops_device, kThrottles>},
        {"throttleWriteIOPSDevice", into<&BlockIo::throttle_write_iops_device, kThrottles>},
    };
    return read_fields(value, kFields, out);
}

Result<> page_size(const JsonValue& value, std::string& out) {
    TRY(read(value, out));
    const size_t digits = std::min(out.find_first_not_of("0123456789"), out.size());
    const std::string_view unit = std::string_view{out}.substr(digits);
    const bool known = unit == "KB" || unit == "MB" || unit == "GB";
    if (!known || digits == 0 || digits > 9 || out.front() == '0')
        return must_be(value, "a size such as '64KB', '2MB' or '1GB'");
    return {};
}

Result<> hugepage_limit(const JsonValue& value, HugepageLimit& out) {
    static constexpr Field<HugepageLimit> kFields[] = {
        {"pageSize", into<&HugepageLimit::page_size, page_size>, Presence::Required},
        {"limit", into<&HugepageLimit::limit>, Presence::Required},
    };
    return read_fields(value, kFields, out);
}

Result<> hugepage_limits(const JsonValue& value, std::vector<HugepageLimit>& out) {
    TRY((each<hugepage_limit, HugepageLimit>(value, out)));
    auto limit = out.begin();
    for (const JsonValue entry : value.children()) {
        const auto same = [&](const HugepageLimit& o) { return o.page_size == limit->page_size; };
        if (std::any_of(out.begin(), limit, same))
            return complain(*entry.find("pageSize"), "is given twice");
        ++limit;
    }
    return {};
}

Result<> interface_priority(const JsonValue& value, InterfacePriority& out) {
    static constexpr Field<InterfacePriority> kFields[] = {
        {"name", into<&InterfacePriority::name>, Presence::Required},
        {"priority", into<&InterfacePriority::priority>, Presence::Required},
    };
    return read_fields(value, kFields, out);
}

Result<> network(const JsonValue& value, Network& out) {
    static constexpr Field<Network> kFields[] = {
        {"classID", unless_zero<&Network::class_id, ranged<uint32_t, 0, UINT32_MAX>>},
        {"priorities", into<&Network::priorities, each<interface_priority, InterfacePriority>>},
    };
    return read_fields(value, kFields, out);
}

Result<> rdma_limits(const JsonValue& value, Rdma& out) {
    static constexpr Field<Rdma> kFields[] = {
        {"hcaHandles", into<&Rdma::hca_handles>},
        {"hcaObjects", into<&Rdma::hca_objects>},
    };
    TRY(read_fields(value, kFields, out));
    if (!out.hca_handles && !out.hca_objects)
        return complain(value, "has neither hcaHandles nor hcaObjects, must have one of them");
    return {};
}

bool is_visible(std::string_view text, std::string_view except) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return c > ' ' && c < '\x7f' && except.find(c) == std::string_view::npos;
    });
}

Result<> rdma(const JsonValue& value, std::vector<std::pair<std::string, Rdma>>& out) {
    TRY(expect_object(value));
    for (const JsonValue member : value.children()) {
        // It becomes a word of a line of rdma.max.
        if (!is_visible(member.key(), "/="))
            return complain(member, "is not the name of an RDMA device");
        auto& [name, limits] = out.emplace_back();
        name = member.key();
        TRY(rdma_limits(member, limits));
    }
    return {};
}

// Files that steer the group itself: they are no limits, and systemd's.
constexpr std::string_view kSteering[] = {
    "cgroup.freeze",          "cgroup.kill",    "cgroup.procs",
    "cgroup.subtree_control", "cgroup.threads", "cgroup.type",
};

Result<> unified(const JsonValue& value, StringMap& out) {
    TRY(read(value, out));
    for (const JsonValue member : value.children()) {
        const std::string_view key = member.key();
        const size_t dot = key.find('.');
        if (!is_visible(key, "/") || dot == 0 || dot == std::string_view::npos)
            return complain(member, "is not a cgroup file, must be like 'memory.high'");
        if (std::find(std::begin(kSteering), std::end(kSteering), key) != std::end(kSteering))
            return complain(member, "is not a limit, must not be set");
    }
    return {};
}

}  // namespace

Result<> read(const JsonValue& value, Resources& out) {
    static constexpr Field<Resources> kFields[] = {
        {"devices", into<&Resources::devices, each<device_rule, DeviceRule>>},
        {"memory", into<&Resources::memory, memory>},
        {"cpu", into<&Resources::cpu, cpu>},
        {"pids", [](const JsonValue& v, Resources& r) { return pids(v, r.pids_limit); }},
        {"blockIO", into<&Resources::block_io, block_io>},
        {"hugepageLimits", into<&Resources::hugepage_limits, hugepage_limits>},
        {"network", into<&Resources::network, network>},
        {"rdma", into<&Resources::rdma, rdma>},
        {"unified", into<&Resources::unified, unified>},
    };
    return read_fields(value, kFields, out);
}

}  // namespace unitc::oci
