// SPDX-License-Identifier: Apache-2.0
// linux.resources.unified: cgroup v2 files by name. A file that a property
// covers becomes that property, since systemd would overwrite it; the others
// are written as they are. They win over the typed fields.
#include "base/text.hpp"
#include "unit/builder.hpp"
#include "unit/formula.hpp"

namespace unitc::unit {
namespace {

constexpr char kField[] = "linux.resources.unified.";
constexpr size_t kLongest = 4096;  // one page: what the kernel takes at once

Result<uint64_t> parse_limit(std::string_view value) {
    value = text::trim(value);
    if (value == "max")
        return kInfinity;
    const auto number = text::parse_int<uint64_t>(value);
    if (!number)
        return fail("is '" + text::printable(value.substr(0, 64)) + "', must be a number or 'max'");
    return *number;
}

Result<uint64_t> parse_between(std::string_view value, uint64_t least, uint64_t most) {
    const auto number = text::parse_int<uint64_t>(text::trim(value));
    if (!number || *number < least || *number > most)
        return fail("is '" + text::printable(value.substr(0, 64)) + "', must be " +
                    std::to_string(least) + " to " + std::to_string(most));
    return *number;
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (const std::string_view word : text::split(line, ' '))
        if (!text::trim(word).empty())
            words.push_back(text::trim(word));
    return words;
}

// "8:0 rbps=1 wbps=2" → the device and the rest.
struct DeviceLine {
    int64_t major = 0;
    int64_t minor = 0;
    std::vector<std::string_view> rest;
};

Result<DeviceLine> parse_device_line(std::string_view line) {
    DeviceLine parsed;
    parsed.rest = words_of(line);
    const std::string_view device = parsed.rest.empty() ? "" : parsed.rest.front();
    const size_t colon = device.find(':');
    const auto major = text::parse_int<uint32_t>(device.substr(0, colon));
    const auto minor = colon == std::string_view::npos
                           ? std::nullopt
                           : text::parse_int<uint32_t>(device.substr(colon + 1));
    if (!major || !minor || *major > 4095 || *minor > 1048575)
        return fail("line '" + text::printable(line.substr(0, 64)) +
                    "' must start with a device, such as '8:0'");
    parsed.major = *major;
    parsed.minor = *minor;
    parsed.rest.erase(parsed.rest.begin());
    return parsed;
}

struct MemoryRow {
    std::string_view file;
    std::string_view property;
    uint64_t least;  // systemd's own bound
};
constexpr MemoryRow kMemory[] = {
    {"memory.min", "MemoryMin", 0},          {"memory.low", "MemoryLow", 0},
    {"memory.high", "MemoryHigh", 1},        {"memory.max", "MemoryMax", 1},
    {"memory.swap.max", "MemorySwapMax", 0},
};

Result<> add_memory_file(const MemoryRow& row, std::string_view value, Builder& builder) {
    const uint64_t bytes = TRY(parse_limit(value));
    if (bytes < row.least)
        return fail("is 0, must be at least 1");
    set_memory(row.property, row.file, bytes, builder);
    return {};
}

Result<> add_cpu_max(std::string_view, std::string_view value, Builder& builder) {
    const auto words = words_of(value);
    if (words.empty() || words.size() > 2)
        return fail("must be 'QUOTA' or 'QUOTA PERIOD'");
    const uint64_t quota = TRY(parse_limit(words[0]));
    const uint64_t period = words.size() == 2 ? TRY(parse_limit(words[1])) : kInfinity;
    return set_cpu_quota(quota, period, builder);
}

Result<> add_cpu_weight(std::string_view, std::string_view value, Builder& builder) {
    const uint64_t weight = TRY(parse_between(value, 1, 10'000));
    // cpu.idle came first, or was typed: an idle group has no weight.
    const Property* known = builder.find("CPUWeight");
    if (known != nullptr && std::get<uint64_t>(known->value) == 0)
        builder.warn(std::string{kField} +
                     "cpu.weight: unable to apply both cpu.weight and cpu.idle: an idle group has "
                     "no weight, ignored");
    else
        set_cpu_weight(weight, builder);
    return {};
}

Result<> add_cpu_idle(std::string_view, std::string_view value, Builder& builder) {
    if (TRY(parse_between(value, 0, 1)) == 1)
        set_cpu_weight(0, builder);
    else
        end_cpu_idle(builder);
    return {};
}

Result<> add_cpus(std::string_view, std::string_view value, Builder& builder) {
    return set_cpuset("list", value, false, builder);
}

Result<> add_mems(std::string_view, std::string_view value, Builder& builder) {
    return set_cpuset("list", value, true, builder);
}

Result<> add_pids_max(std::string_view, std::string_view value, Builder& builder) {
    set_pids(TRY(parse_limit(value)), builder);
    return {};
}

Result<> add_oom_group(std::string_view file, std::string_view value, Builder& builder) {
    const bool group = TRY(parse_between(value, 0, 1)) == 1;
    // On scopes since 253.
    builder.set("OOMPolicy", std::string{group ? "kill" : "continue"});
    builder.fallback("OOMPolicy", std::string{file}, group ? "1" : "0");
    if (builder.has_controller("memory", "linux.resources.unified.memory.oom.group"))
        builder.expect(file, group ? "1" : "0");
    return {};
}

Result<> add_zswap_max(std::string_view file, std::string_view value, Builder& builder) {
    const uint64_t bytes = TRY(parse_limit(value));
    builder.set("MemoryZSwapMax", bytes);  // since 253
    builder.fallback("MemoryZSwapMax", file, bytes == kInfinity ? "max" : std::to_string(bytes));
    return {};
}

Result<> add_zswap_writeback(std::string_view file, std::string_view value, Builder& builder) {
    const bool on = TRY(parse_between(value, 0, 1)) == 1;
    builder.set("MemoryZSwapWriteback", on);  // since 256
    builder.fallback("MemoryZSwapWriteback", file, on ? "1" : "0");
    return {};
}

Result<> add_partition(std::string_view file, std::string_view value, Builder& builder) {
    const std::string kind{text::trim(value)};
    if (kind != "member" && kind != "root" && kind != "isolated")
        return fail("must be 'member', 'root' or 'isolated'");
    builder.set("CPUSetPartition", kind);  // since 261
    builder.fallback("CPUSetPartition", file, kind);
    return {};
}

Result<> add_io_max(std::string_view, std::string_view value, Builder& builder) {
    constexpr std::pair<std::string_view, Throttle> kKeys[] = {
        {"rbps=", Throttle::ReadBps},
        {"wbps=", Throttle::WriteBps},
        {"riops=", Throttle::ReadIops},
        {"wiops=", Throttle::WriteIops},
    };
    for (const std::string_view text_line : text::split(text::trim(value), '\n')) {
        const DeviceLine line = TRY(parse_device_line(text_line));
        for (const std::string_view word : line.rest) {
            bool known = false;
            for (const auto& [key, kind] : kKeys)
                if (word.starts_with(key)) {
                    const uint64_t rate = TRY(parse_limit(word.substr(key.size())));
                    if (rate == 0)
                        return fail("'" + std::string{word} + "' must be at least 1");
                    set_throttle(kind, line.major, line.minor, rate, builder);
                    known = true;
                }
            if (!known)
                return fail("'" + text::printable(word.substr(0, 64)) +
                            "' must be rbps=, wbps=, riops= or wiops=");
        }
    }
    return {};
}

Result<> add_weights(std::string_view value, bool bfq, Builder& builder) {
    const uint64_t most = bfq ? 1'000 : 10'000;
    for (const std::string_view text_line : text::split(text::trim(value), '\n')) {
        const auto words = words_of(text_line);
        const bool whole = words.size() == 1 || (words.size() == 2 && words[0] == "default");
        if (words.empty() || words.size() > 2)
            return fail("lines must be 'WEIGHT', 'default WEIGHT' or 'MAJOR:MINOR WEIGHT'");
        const uint64_t number = TRY(parse_between(words.back(), 1, most));
        const uint64_t weight = bfq ? io_weight_of_bfq(number) : number;
        if (whole) {
            builder.set("IOWeight", weight);
            builder.has_controller("io", "linux.resources.unified.io.weight");
            continue;
        }
        const DeviceLine line = TRY(parse_device_line(text_line));
        set_device_weight(line.major, line.minor, weight, builder);
    }
    return {};
}

Result<> add_io_weight(std::string_view, std::string_view value, Builder& builder) {
    return add_weights(value, false, builder);
}

Result<> add_bfq_weight(std::string_view, std::string_view value, Builder& builder) {
    return add_weights(value, true, builder);
}

Result<> add_io_latency(std::string_view, std::string_view value, Builder& builder) {
    constexpr std::string_view kKey = "target=";
    StringNumbers targets;
    for (const std::string_view text_line : text::split(text::trim(value), '\n')) {
        const DeviceLine line = TRY(parse_device_line(text_line));
        if (line.rest.size() != 1 || !line.rest[0].starts_with(kKey))
            return fail("lines must be 'MAJOR:MINOR target=MICROSECONDS'");
        targets.emplace_back(
            device_path(line.major, line.minor),
            TRY(parse_between(line.rest[0].substr(kKey.size()), 1, kInfinity - 1)));
    }
    builder.set("IODeviceLatencyTargetUSec", std::move(targets));
    builder.has_controller("io", "linux.resources.unified.io.latency");
    return {};
}

Result<> refuse(std::string_view file, std::string_view, Builder&) {
    if (file == "cpu.weight.nice")
        return fail("is another view of cpu.weight, which systemd sets; use cpu.weight");
    return fail("controls the group itself, which is systemd's and the runtime's part");
}

struct FileRow {
    std::string_view file;
    Result<> (*add)(std::string_view file, std::string_view value, Builder& builder);
};
constexpr FileRow kFiles[] = {
    {"cpu.idle", add_cpu_idle},
    {"cpu.weight", add_cpu_weight},
    {"cpu.weight.nice", refuse},
    {"cpu.max", add_cpu_max},
    {"cpuset.cpus", add_cpus},
    {"cpuset.mems", add_mems},
    {"cpuset.cpus.partition", add_partition},
    {"pids.max", add_pids_max},
    {"memory.oom.group", add_oom_group},
    {"memory.zswap.max", add_zswap_max},
    {"memory.zswap.writeback", add_zswap_writeback},
    {"io.max", add_io_max},
    {"io.weight", add_io_weight},
    {"io.bfq.weight", add_bfq_weight},
    {"io.latency", add_io_latency},
    {"cgroup.freeze", refuse},
    {"cgroup.kill", refuse},
    {"cgroup.procs", refuse},
    {"cgroup.threads", refuse},
    {"cgroup.type", refuse},
    {"cgroup.subtree_control", refuse},
};

Result<> check_key(std::string_view key) {
    // A name that is not even shown: it may be anything.
    if (key.size() > 255)
        return fail("linux.resources.unified: a key is longer than 255 bytes");
    bool good = key.find('.') != std::string_view::npos && key.find('.') > 0;
    for (const char c : key)
        good = good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-');
    if (!good)
        return fail("linux.resources.unified: key '" + text::printable(key) +
                    "' must be a file's name, CONTROLLER.PARAMETER, without slashes");
    return {};
}

Result<> add_file(std::string_view key, const std::string& value, Builder& builder) {
    for (const MemoryRow& row : kMemory)
        if (row.file == key)
            return add_memory_file(row, value, builder);
    for (const FileRow& row : kFiles)
        if (row.file == key)
            return row.add(key, value, builder);
    builder.file(kField + std::string{key}, key, value);
    return {};
}

}  // namespace

Result<> add_unified(const std::vector<std::pair<std::string, std::string>>& unified,
                     Builder& builder) {
    for (const auto& [key, value] : unified) {
        TRY(check_key(key));
        if (value.size() > kLongest || value.find('\0') != std::string::npos)
            return fail(kField + key + ": must be at most 4096 bytes and hold no NUL");
    }
    // cpu.idle decides whether cpu.weight counts, wherever it stands.
    const auto is_idle = [](std::string_view key) { return key == "cpu.idle"; };
    for (const bool first : {true, false})
        for (const auto& [key, value] : unified)
            if (is_idle(key) == first)
                TRY_IN(kField + key, add_file(key, value, builder));
    return {};
}

}  // namespace unitc::unit
