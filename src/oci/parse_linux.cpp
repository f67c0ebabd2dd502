// SPDX-License-Identifier: Apache-2.0
// `linux` of config.json (config-linux.md) but for resources and seccomp.
#include <net/if.h>

#include <algorithm>

#include "oci/names.hpp"
#include "oci/parse_reader.hpp"
#include "oci/sysctl.hpp"

namespace unitc::oci {
namespace {

constexpr int64_t kMaxMajor = 0xfff;
constexpr int64_t kMaxMinor = 0xfffff;
constexpr uint32_t kPermissions = 07777;
constexpr uint32_t kModeAndType = 0177777;
constexpr uint32_t kMaxNanosecs = 999'999'999;
constexpr size_t kMaxSysctlValue = 4096;

constexpr std::string_view kPropagations[] = {
    "private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable",
};
constexpr std::string_view kDomains[] = {"LINUX", "LINUX32"};

Result<> namespace_entry(const JsonValue& value, Namespace& out) {
    static constexpr Field<Namespace> kFields[] = {
        {"type", into<&Namespace::type, word<kNamespaceTypes, NamespaceType>>, Presence::Required},
        {"path", into<&Namespace::path, optional_absolute_path>},
    };
    return read_fields(value, kFields, out);
}

Result<> namespaces(const JsonValue& value, std::vector<Namespace>& out) {
    TRY((each<namespace_entry, Namespace>(value, out)));
    uint32_t seen = 0;
    auto space = out.begin();
    for (const JsonValue entry : value.children()) {
        const uint32_t bit = uint32_t{1} << static_cast<unsigned>(space++->type);
        if ((seen & bit) != 0)
            return complain(*entry.find("type"), "is given twice");
        seen |= bit;
    }
    return {};
}

Result<> sysctls(const JsonValue& value, StringMap& out) {
    TRY(read(value, out));
    std::vector<std::string> files;
    for (const JsonValue member : value.children()) {
        const auto file = sysctl_path(member.key());
        if (!file)
            return complain(member, "is not a sysctl, must be like 'net.ipv4.ip_forward'");
        // One key in both ways of writing would be set twice.
        if (std::find(files.begin(), files.end(), *file) != files.end())
            return complain(member, "is given twice");
        files.push_back(*file);
        if (member.text().size() > kMaxSysctlValue)
            return complain(member, "is longer than 4096 bytes");
        if (member.text().find('\n') != std::string_view::npos)
            return must_be(member, "one line");
    }
    return {};
}

Result<> device_type(const JsonValue& value, char& out) {
    const std::string_view type = TRY(expect_string(value, kMaxString));
    if (type != "b" && type != "c" && type != "p" && type != "u")
        return must_be(value, "one of 'b', 'c', 'p', 'u'");
    out = type == "u" ? 'c' : type.front();
    return {};
}

Result<> file_mode(const JsonValue& value, uint32_t& out) {
    // Engines pass what stat(2) says; the type has its own field.
    out = static_cast<uint32_t>(TRY(expect_unsigned(value, 0, kModeAndType))) & kPermissions;
    return {};
}

Result<> device(const JsonValue& value, Device& out) {
    static constexpr Field<Device> kFields[] = {
        {"type", into<&Device::type, device_type>, Presence::Required},
        {"path", into<&Device::path, absolute_path>, Presence::Required},
        {"major", into<&Device::major>},
        {"minor", into<&Device::minor>},
        {"fileMode", into<&Device::file_mode, file_mode>},
        {"uid", into<&Device::uid, id>},
        {"gid", into<&Device::gid, id>},
    };
    TRY(read_fields(value, kFields, out));
    if (out.type == 'p')
        return {};
    const auto number = [&](std::string_view key, int64_t most) -> Result<> {
        const auto member = value.find(key);
        if (!member || member->kind() == JsonKind::Null)
            return missing(value, key);
        TRY(expect_signed(*member, 0, most));
        return {};
    };
    TRY(number("major", kMaxMajor));
    return number("minor", kMaxMinor);
}

// dev_valid_name() of the kernel.
bool is_interface_name(std::string_view name) {
    return !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
           std::none_of(name.begin(), name.end(), [](char c) {
               return c == '/' || c == ':' || static_cast<unsigned char>(c) <= ' ';
           });
}

Result<> net_devices(const JsonValue& value, StringMap& out) {
    static constexpr Field<std::string> kFields[] = {
        {"name", [](const JsonValue& v, std::string& name) { return read(v, name); }},
    };
    TRY(expect_object(value));
    for (const JsonValue member : value.children()) {
        auto& [host, inside] = out.emplace_back();
        host = member.key();
        TRY(read_fields(member, kFields, inside));
        if (inside.empty())
            inside = host;
        if (!is_interface_name(host) || !is_interface_name(inside))
            return complain(member, "is not a valid name of a network device");
    }
    return {};
}

Result<> propagation(const JsonValue& value, std::string& out) {
    const std::string_view text = TRY(expect_string(value, kMaxString));
    if (text.empty())
        return {};
    return listed<kPropagations>(value, out);
}

Result<> intel_rdt(const JsonValue& value, IntelRdt& out) {
    static constexpr Field<IntelRdt> kFields[] = {
        {"closID", into<&IntelRdt::clos_id>},
        {"schemata", into<&IntelRdt::schemata>},
        {"l3CacheSchema", into<&IntelRdt::l3_cache_schema>},
        {"memBwSchema", into<&IntelRdt::mem_bw_schema>},
        {"enableMonitoring", into<&IntelRdt::enable_monitoring>},
    };
    return read_fields(value, kFields, out);
}

// What is wrong with it is said in runc's words too, behind the path.
Failure in_words(const JsonValue& value, const std::string& words, Error error) {
    error.message.insert(value.path().size() + 2, words + ": ");
    return Failure{std::move(error)};
}

Result<> policy_mode(const JsonValue& value, std::string& out) {
    auto read_mode = named<kMemoryPolicyModes>(value, out);
    if (!read_mode)
        return in_words(value, "invalid memory policy mode", std::move(read_mode).error());
    return {};
}

Result<> policy_nodes(const JsonValue& value, std::string& out) {
    auto read_nodes = cpu_list(value, out);
    if (!read_nodes)
        return in_words(value, "invalid memory policy nodes", std::move(read_nodes).error());
    return {};
}

Result<> policy_flag(const JsonValue& value, std::string& out) {
    auto read_flag = named<kMemoryPolicyFlags>(value, out);
    if (!read_flag)
        return in_words(value, "invalid memory policy flag", std::move(read_flag).error());
    return {};
}

Result<> memory_policy(const JsonValue& value, MemoryPolicy& out) {
    static constexpr Field<MemoryPolicy> kFields[] = {
        {"mode", into<&MemoryPolicy::mode, policy_mode>},
        {"nodes", into<&MemoryPolicy::nodes, policy_nodes>},
        {"flags", into<&MemoryPolicy::flags, each<policy_flag, std::string>>},
    };
    TRY(read_fields(value, kFields, out));
    if (out.mode.empty())
        return fail(value.path() + ".mode: invalid memory policy mode: is missing");
    return {};
}

Result<> personality(const JsonValue& value, Personality& out) {
    static constexpr Field<Personality> kFields[] = {
        {"domain", into<&Personality::domain, listed<kDomains>>, Presence::Required},
        {"flags", into<&Personality::flags>},
    };
    return read_fields(value, kFields, out);
}

Result<> time_offsets(const JsonValue& value,
                      std::vector<std::pair<std::string, TimeOffset>>& out) {
    static constexpr Field<TimeOffset> kFields[] = {
        {"secs", into<&TimeOffset::secs>},
        {"nanosecs", into<&TimeOffset::nanosecs, ranged<uint32_t, 0, kMaxNanosecs>>},
    };
    TRY(expect_object(value));
    for (const JsonValue member : value.children()) {
        if (member.key() != "monotonic" && member.key() != "boottime")
            return complain(member, "is not a clock, must be 'monotonic' or 'boottime'");
        auto& [clock, offset] = out.emplace_back();
        clock = member.key();
        TRY(read_fields(member, kFields, offset));
    }
    return {};
}

constexpr auto kPaths = each<absolute_path, std::string>;

}  // namespace

Result<> read(const JsonValue& value, Linux& out) {
    static constexpr Field<Linux> kFields[] = {
        {"uidMappings", into<&Linux::uid_mappings>},
        {"gidMappings", into<&Linux::gid_mappings>},
        {"sysctl", into<&Linux::sysctl, sysctls>},
        {"resources", into<&Linux::resources>},
        {"cgroupsPath", into<&Linux::cgroups_path, path>},
        {"namespaces", into<&Linux::namespaces, namespaces>},
        {"devices", into<&Linux::devices, each<device, Device>>},
        {"netDevices", into<&Linux::net_devices, net_devices>},
        {"seccomp", into<&Linux::seccomp>},
        {"rootfsPropagation", into<&Linux::rootfs_propagation, propagation>},
        {"maskedPaths", into<&Linux::masked_paths, kPaths>},
        {"readonlyPaths", into<&Linux::readonly_paths, kPaths>},
        {"mountLabel", into<&Linux::mount_label>},
        {"intelRdt", into<&Linux::intel_rdt, intel_rdt>},
        {"memoryPolicy", into<&Linux::memory_policy, memory_policy>},
        {"personality", into<&Linux::personality, personality>},
        {"timeOffsets", into<&Linux::time_offsets, time_offsets>},
    };
    return read_fields(value, kFields, out);
}

}  // namespace unitc::oci
