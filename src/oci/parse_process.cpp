// SPDX-License-Identifier: Apache-2.0
// `process` of config.json (config.md "Process").
#include <sys/resource.h>

#include <algorithm>

#include "oci/capabilities.hpp"
#include "oci/names.hpp"
#include "oci/parse_reader.hpp"

namespace unitc::oci {
namespace {

constexpr uint32_t kMaxUmask = 0777;

Result<> console_size(const JsonValue& value, ConsoleSize& out) {
    static constexpr Field<ConsoleSize> kFields[] = {
        {"height", into<&ConsoleSize::height>, Presence::Required},
        {"width", into<&ConsoleSize::width>, Presence::Required},
    };
    return read_fields(value, kFields, out);
}

Result<> user(const JsonValue& value, User& out) {
    // Numbers only: a name would be looked up in the image (CVE-2016-3697).
    static constexpr Field<User> kFields[] = {
        // The spec requires both; scripts that leave one out mean root by it, and
        // runc takes it so.
        {"uid", into<&User::uid, id>},
        {"gid", into<&User::gid, id>},
        {"umask", into<&User::umask, ranged<uint32_t, 0, kMaxUmask>>},
        {"additionalGids", into<&User::additional_gids, each<id, uint32_t>>},
    };
    return read_fields(value, kFields, out);
}

Result<> capability_set(const JsonValue& value, CapabilitySet& out) {
    TRY(expect_array(value));
    out = 0;
    for (const JsonValue entry : value.children()) {
        const std::string_view name = TRY(expect_string(entry, kMaxString));
        if (const auto number = capability_number(name))
            out |= CapabilitySet{1} << *number;
        else if (!looks_like_capability(name))
            return must_be(entry,
                           "a name of capabilities(7), 'CAP_CHOWN' to 'CAP_CHECKPOINT_RESTORE'");
    }
    return {};
}

// Those of a newer kernel than this program, or of none: config.md has them
// ignored with a warning.
void add_unknown(const JsonValue& sets, std::vector<std::string>& out) {
    for (const JsonValue set : sets.children()) {
        if (set.kind() != JsonKind::Array)
            continue;
        for (const JsonValue entry : set.children())
            if (entry.kind() == JsonKind::String && !capability_number(entry.text()) &&
                std::find(out.begin(), out.end(), entry.text()) == out.end())
                out.emplace_back(entry.text());
    }
}

Result<> capabilities(const JsonValue& value, Capabilities& out) {
    static constexpr Field<Capabilities> kFields[] = {
        {"bounding", into<&Capabilities::bounding, capability_set>},
        {"effective", into<&Capabilities::effective, capability_set>},
        {"inheritable", into<&Capabilities::inheritable, capability_set>},
        {"permitted", into<&Capabilities::permitted, capability_set>},
        {"ambient", into<&Capabilities::ambient, capability_set>},
    };
    TRY(read_fields(value, kFields, out));
    add_unknown(value, out.unknown);
    // prctl(2) raises no other; engines that ask for more are common, and runc
    // goes on without these.
    const CapabilitySet possible = out.permitted & out.inheritable;
    out.impossible_ambient = out.ambient & ~possible;
    out.ambient &= possible;
    return {};
}

Result<> rlimit(const JsonValue& value, Rlimit& out) {
    static constexpr Field<Rlimit> kFields[] = {
        {"type", into<&Rlimit::resource, word<kRlimits, int>>, Presence::Required},
        {"soft", into<&Rlimit::soft>, Presence::Required},
        {"hard", into<&Rlimit::hard>, Presence::Required},
    };
    TRY(read_fields(value, kFields, out));
    if (out.soft > out.hard)
        return complain(value, "soft is " + std::to_string(out.soft) +
                                   ", must be at most hard, which is " + std::to_string(out.hard));
    return {};
}

Result<> rlimits(const JsonValue& value, std::vector<Rlimit>& out) {
    TRY((each<rlimit, Rlimit>(value, out)));
    uint32_t seen = 0;
    auto limit = out.begin();
    for (const JsonValue entry : value.children()) {
        const uint32_t bit = uint32_t{1} << limit++->resource;
        if ((seen & bit) != 0)
            return complain(*entry.find("type"), "is given twice");
        seen |= bit;
    }
    return {};
}

Result<> scheduler(const JsonValue& value, Scheduler& out) {
    static constexpr Field<Scheduler> kFields[] = {
        {"policy", into<&Scheduler::policy, named<kSchedulerPolicies>>, Presence::Required},
        {"nice", into<&Scheduler::nice, ranged<int32_t, -20, 19>>},
        {"priority", into<&Scheduler::priority, ranged<int32_t, 0, 99>>},
        {"flags", into<&Scheduler::flags, each<named<kSchedulerFlags>, std::string>>},
        {"runtime", into<&Scheduler::runtime>},
        {"deadline", into<&Scheduler::deadline>},
        {"period", into<&Scheduler::period>},
    };
    return read_fields(value, kFields, out);
}

Result<> io_priority(const JsonValue& value, IoPriority& out) {
    static constexpr Field<IoPriority> kFields[] = {
        {"class", into<&IoPriority::io_class, named<kIoClasses>>, Presence::Required},
        // Required by the spec, but idle has none; runc reads its absence as 0.
        {"priority", into<&IoPriority::priority, ranged<int32_t, 0, 7>>},
    };
    return read_fields(value, kFields, out);
}

Result<> cpu_affinity(const JsonValue& value, CpuAffinity& out) {
    static constexpr Field<CpuAffinity> kFields[] = {
        {"initial", into<&CpuAffinity::initial, cpu_list>},
        {"final", into<&CpuAffinity::final, cpu_list>},
    };
    return read_fields(value, kFields, out);
}

}  // namespace

Result<> read(const JsonValue& value, Process& out) {
    static constexpr Field<Process> kFields[] = {
        {"terminal", into<&Process::terminal>},
        {"consoleSize", into<&Process::console_size, console_size>},
        {"user", into<&Process::user, user>},
        {"args", into<&Process::args, each<argument, std::string>>},
        {"env", into<&Process::env, each<environment_variable, std::string>>},
        {"cwd", into<&Process::cwd, absolute_path>, Presence::Required},
        {"capabilities", into<&Process::capabilities, capabilities>},
        {"rlimits", into<&Process::rlimits, rlimits>},
        {"noNewPrivileges", into<&Process::no_new_privileges>},
        {"apparmorProfile", into<&Process::apparmor_profile>},
        {"oomScoreAdj", into<&Process::oom_score_adj, ranged<int, -1000, 1000>>},
        {"scheduler", into<&Process::scheduler, scheduler>},
        {"selinuxLabel", into<&Process::selinux_label>},
        {"ioPriority", into<&Process::io_priority, io_priority>},
        {"execCPUAffinity", into<&Process::exec_cpu_affinity, cpu_affinity>},
    };
    return read_fields(value, kFields, out);
}

}  // namespace unitc::oci
