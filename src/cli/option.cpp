// SPDX-License-Identifier: Apache-2.0
// The options of every command: runc's, with runc's spellings and meanings,
// and --timeout.
#include "cli/option.hpp"

#include <strings.h>
#include <unistd.h>

#include <climits>
#include <iterator>

#include "base/text.hpp"
#include "cli/process.hpp"
#include "cli/value.hpp"

namespace unitc::cli {
namespace {

// The words that Go's strconv.ParseBool knows: scripts write them for runc.
Result<bool> parse_switch(std::string_view value) {
    for (const char* word : {"true", "True", "TRUE", "t", "T", "1"})
        if (value == word)
            return true;
    for (const char* word : {"false", "False", "FALSE", "f", "F", "0"})
        if (value == word)
            return false;
    return fail("is a switch: must be true or false");
}

template <auto Member>
Result<> set_request_text(Invocation& invocation, std::string_view value) {
    invocation.request.*Member = value;
    return {};
}

template <auto Member>
Result<> set_request_switch(Invocation& invocation, std::string_view value) {
    invocation.request.*Member = TRY(parse_switch(value));
    return {};
}

template <auto Member>
Result<> set_exec_text(Invocation& invocation, std::string_view value) {
    invocation.exec.*Member = value;
    return {};
}

template <auto Member>
Result<> set_exec_switch(Invocation& invocation, std::string_view value) {
    invocation.exec.*Member = TRY(parse_switch(value));
    return {};
}

template <auto Member>
Result<> add_exec_text(Invocation& invocation, std::string_view value) {
    (invocation.exec.*Member).emplace_back(value);
    return {};
}

// The whole word, in its range: "1 ", "-1" and 2^32-1, which means nobody, are
// no ids (CVE-2026-30892 was a lax parse).
Result<uint32_t> parse_id(std::string_view value) {
    const auto id = text::parse_int<uint32_t>(value);
    if (!id || *id == UINT32_MAX)
        return fail("must be a number from 0 to 4294967294");
    return *id;
}

Result<> set_user(Invocation& invocation, std::string_view value) {
    const size_t colon = value.find(':');
    const auto uid = parse_id(value.substr(0, colon));
    const auto gid =
        colon == std::string_view::npos ? Result<uint32_t>{0} : parse_id(value.substr(colon + 1));
    if (!uid || !gid)
        return fail("must be UID or UID:GID, each a number from 0 to 4294967294");
    invocation.exec.uid = *uid;
    if (colon != std::string_view::npos)
        invocation.exec.gid = *gid;
    return {};
}

Result<> add_additional_gid(Invocation& invocation, std::string_view value) {
    const uint32_t gid = TRY(parse_id(value));
    invocation.exec.additional_gids.push_back(gid);
    return {};
}

template <auto Member>
Result<> set_switch(Invocation& invocation, std::string_view value) {
    invocation.*Member = TRY(parse_switch(value));
    return {};
}

template <auto Member>
Result<> set_global_switch(Invocation& invocation, std::string_view value) {
    invocation.globals.*Member = TRY(parse_switch(value));
    return {};
}

// Engines pass an empty --bundle for the working directory.
Result<> set_bundle(Invocation& invocation, std::string_view value) {
    invocation.request.bundle = value.empty() ? "." : value;
    return {};
}

Result<> set_log(Invocation& invocation, std::string_view value) {
    invocation.log_path = value;
    return {};
}

Result<> set_log_format(Invocation& invocation, std::string_view value) {
    if (value != "text" && value != "json" && !value.empty())
        return fail("must be text or json");
    invocation.log_format = value == "json" ? log::Format::Json : log::Format::Text;
    return {};
}

Result<> set_root(Invocation& invocation, std::string_view value) {
    std::string path{value};
    if (!value.starts_with('/')) {
        char here[PATH_MAX];
        if (::getcwd(here, sizeof here) == nullptr)
            return fail_sys("getcwd");
        path.insert(0, "/").insert(0, here);
    }
    path = text::clean_path(path);
    // Also what "", "." and "../.." can come to: never a place for state.
    if (path == "/")
        return fail("should not be set to /");
    invocation.globals.root = path;
    invocation.globals.root_given = true;
    return {};
}

// For runc: whether to go on without a cgroup where it may make none. Who gets
// as far as a container here is root, and a cgroup is systemd's to make: no
// value changes anything.
Result<> check_rootless(Invocation&, std::string_view value) {
    constexpr std::string_view kAuto = "auto";
    const bool is_auto =
        value.size() == kAuto.size() && ::strncasecmp(value.data(), "auto", kAuto.size()) == 0;
    if (!value.empty() && !is_auto && !parse_switch(value))
        return fail("must be true, false or auto");
    return {};
}

Result<> set_timeout(Invocation& invocation, std::string_view value) {
    constexpr int kLongest = 24 * 60 * 60;
    const auto seconds = text::parse_int<int>(value);
    if (!seconds || *seconds < 1 || *seconds > kLongest)
        return fail("must be whole seconds from 1 to 86400");
    invocation.globals.deadline_ms = *seconds * 1000;
    return {};
}

Result<> set_preserve_fds(Invocation& invocation, std::string_view value) {
    const auto count = text::parse_int<int>(value);
    if (!count || *count < 0 || *count > kMostDescriptors)
        return fail("must be a number of descriptors, 0 or more");
    invocation.request.preserve_fds = *count;
    return {};
}

// One of the words that Parse knows.
template <auto Member, auto Parse>
Result<> set_word(Invocation& invocation, std::string_view value) {
    invocation.request.*Member = TRY(Parse(value));
    return {};
}

// update's options take runc's empty value for "not given".
template <auto Member>
Result<> set_update_text(Invocation& invocation, std::string_view value) {
    invocation.update.*Member = value;
    return {};
}

template <auto Member, auto Least, auto Most>
Result<> set_update_number(Invocation& invocation, std::string_view value) {
    if (value.empty())
        return {};
    const auto number = text::parse_int<decltype(Most)>(value);
    if (!number || *number < Least || *number > Most)
        return fail("must be a number from " + std::to_string(Least) + " to " +
                    std::to_string(Most));
    invocation.update.*Member = *number;
    return {};
}

template <auto Member>
Result<> set_update_size(Invocation& invocation, std::string_view value) {
    if (!value.empty())
        invocation.update.*Member = TRY(parse_size(value));
    return {};
}

// Numbers of which 0 is "as it is" and the small ones make no sense.
template <auto Member, auto Least, auto Most>
Result<> set_update_number_or_zero(Invocation& invocation, std::string_view value) {
    if (value.empty() || value == "0") {
        invocation.update.*Member = 0;
        return {};
    }
    return set_update_number<Member, Least, Most>(invocation, value);
}

Result<> set_cpu_quota(Invocation& invocation, std::string_view value) {
    if (value == "-1") {
        invocation.update.cpu_quota = -1;
        return {};
    }
    constexpr int64_t kLeast = 1000;  // the kernel's min_cfs_quota_period, in µs
    if (!set_update_number_or_zero<&ops::UpdateRequest::cpu_quota, kLeast, INT64_MAX>(invocation,
                                                                                      value))
        return fail("must be at least 1000 (microseconds), or -1 for unlimited");
    return {};
}

Result<> refuse_real_time(Invocation&, std::string_view value) {
    if (value.empty() || value == "0")
        return {};
    return fail("cgroup v2 has no limits on real-time scheduling");
}

template <auto Member>
Result<> set_schema(Invocation& invocation, std::string_view value) {
    if (value.find('\n') != std::string_view::npos)
        return fail("must be one line");
    invocation.update.*Member = value;
    return {};
}

Result<> set_interval(Invocation& invocation, std::string_view value) {
    const int64_t interval = TRY(parse_duration(value));
    if (interval <= 0)
        return fail("duration interval must be greater than 0");
    invocation.events.interval_ns = interval;
    return {};
}

Result<> set_stats(Invocation& invocation, std::string_view value) {
    invocation.events.stats_once = TRY(parse_switch(value));
    return {};
}

Result<unsigned> parse_count(std::string_view value, unsigned least) {
    const auto count = text::parse_int<unsigned>(value);
    if (!count || *count < least)
        return fail("must be a number, " + std::to_string(least) + " or more");
    return *count;
}

Result<> set_status_lines(Invocation& invocation, std::string_view value) {
    invocation.status.lines = TRY(parse_count(value, 0));
    return {};
}

Result<> set_log_lines(Invocation& invocation, std::string_view value) {
    invocation.logs.lines = TRY(parse_count(value, 0));
    return {};
}

Result<> set_follow(Invocation& invocation, std::string_view value) {
    invocation.logs.follow = TRY(parse_switch(value));
    return {};
}

Result<> set_iterations(Invocation& invocation, std::string_view value) {
    invocation.top.iterations = TRY(parse_count(value, 1));
    return {};
}

// Seconds, as systemd-cgtop takes them, or a duration.
Result<> set_delay(Invocation& invocation, std::string_view value) {
    const bool is_number =
        !value.empty() && value.find_first_not_of("0123456789.") == std::string_view::npos;
    const int64_t delay = TRY(parse_duration(std::string{value} + (is_number ? "s" : "")));
    if (delay <= 0)
        return fail("must be more than 0");
    invocation.delay_ns = delay;
    return {};
}

Result<> set_order(Invocation& invocation, std::string_view value) {
    static constexpr struct {
        const char* name;
        ops::TopOrder order;
    } kOrders[] = {{"id", ops::TopOrder::Id},
                   {"tasks", ops::TopOrder::Tasks},
                   {"cpu", ops::TopOrder::Cpu},
                   {"memory", ops::TopOrder::Memory},
                   {"io", ops::TopOrder::Io}};
    for (const auto& row : kOrders)
        if (value == row.name) {
            invocation.top.screen.order = row.order;
            return {};
        }
    return fail("must be id, tasks, cpu, memory or io");
}

Result<> set_list_format(Invocation& invocation, std::string_view value) {
    if (value != "table" && value != "json")
        return fail("must be table or json");
    invocation.json = value == "json";
    return {};
}

// clang-format off
constexpr Option kGlobal[] = {
    {"debug", 0, nullptr, "write debug entries, with the time of every step, to the log", set_global_switch<&ops::Globals::debug>},
    {"log", 0, "FILE", "append the log to FILE (default: standard error)", set_log},
    {"log-format", 0, "text|json", "format of the log (default: text)", set_log_format},
    {"root", 0, "DIR", "directory for the state of containers, best on a tmpfs (default: /run/unitc, of ordinary users $XDG_RUNTIME_DIR/unitc)", set_root},
    {"systemd-cgroup", 0, nullptr, "accepted as engines pass it: the manager is always systemd", set_global_switch<&ops::Globals::systemd_cgroup>},
    {"rootless", 0, "true|false|auto", "accepted as engines pass it: makes no difference, who calls decides, and a cgroup that cannot be had is always an error", check_rootless},
    {"timeout", 0, "SECONDS", "give up a command after this time (default: 30); the running time of a container does not count", set_timeout},
    {"help", 'h', nullptr, "show help", set_switch<&Invocation::help>},
};

constexpr Option kRoot[] = {
    {"version", 'v', nullptr, "print the version", set_switch<&Invocation::version>},
};

constexpr Option kBundle = {"bundle", 'b', "DIR", "the bundle: the directory with config.json (default: the working directory)", set_bundle};
constexpr Option kConsoleSocket = {"console-socket", 0, "SOCKET", "unix socket that is sent the master end of the terminal", set_request_text<&ops::CreateRequest::console_socket>};
constexpr Option kPidfdSocket = {"pidfd-socket", 0, "SOCKET", "unix socket that is sent a pidfd of the container's first process", set_request_text<&ops::CreateRequest::pidfd_socket>};
constexpr Option kPidFile = {"pid-file", 0, "FILE", "write the pid of the container's first process to FILE", set_request_text<&ops::CreateRequest::pid_file>};
constexpr Option kNoPivot = {"no-pivot", 0, nullptr, "do not use pivot_root for the container's root (on a ramdisk; weaker)", set_request_switch<&ops::CreateRequest::no_pivot>};
constexpr Option kNoNewKeyring = {"no-new-keyring", 0, nullptr, "let the container keep the caller's session keyring", set_request_switch<&ops::CreateRequest::no_new_keyring>};
constexpr Option kPreserveFds = {"preserve-fds", 0, "N", "pass descriptors 3 to 2 + N on to the container (default: 0)", set_preserve_fds};
constexpr Option kPartOf = {"part-of", 0, "auto|no|caller", "stop the container with the service that unitc runs in (default: auto, if that has executed unitc itself)", set_word<&ops::CreateRequest::part_of, ops::parse_part_of>};
constexpr Option kReady = {"ready", 0, "container|started", "who says READY=1 to the service manager: the container, or unitc when its program is executed (default: container)", set_word<&ops::CreateRequest::ready_by, ops::parse_ready_by>};
constexpr Option kRegister = {"register", 0, "yes|no|auto", "have machinectl know the container: yes, no, or auto: if systemd-machined runs already (default: no)", set_word<&ops::CreateRequest::registration, ops::parse_registration>};
constexpr Option kUnit = {"unit", 0, "scope|service|self", "make the container a scope or a service of its own, or a part of the cgroup of the service that unitc runs in (default: scope)", set_word<&ops::CreateRequest::unit_mode, ops::parse_unit_mode>};
constexpr Option kOutput = {"output", 0, "inherit|journal", "where the container's standard output and error go: where unitc's do, or to the journal (default: inherit)", set_word<&ops::CreateRequest::output, ops::parse_output>};
// In every command's table, so that `unitc run -h` is the help of run.
constexpr Option kHelp = {"help", 'h', nullptr, "show help", set_switch<&Invocation::help>};

constexpr Option kCreate[] = {kBundle, kConsoleSocket, kPidfdSocket, kPidFile, kNoPivot, kNoNewKeyring, kOutput, kPartOf, kPreserveFds, kReady, kRegister, kUnit, kHelp};

constexpr Option kRun[] = {
    kBundle, kConsoleSocket, kPidfdSocket,
    {"detach", 'd', nullptr, "leave the container running and return", set_request_switch<&ops::CreateRequest::detach>},
    {"keep", 0, nullptr, "do not delete the container when it has ended", set_request_switch<&ops::CreateRequest::keep>},
    kPidFile,
    {"no-subreaper", 0, nullptr, "do not adopt the orphans of the container's processes", set_request_switch<&ops::CreateRequest::no_subreaper>},
    kNoPivot, kNoNewKeyring, kOutput, kPartOf, kPreserveFds, kReady, kRegister, kUnit, kHelp,
};

constexpr Option kStartService[] = {kNoPivot, kRegister, kHelp};

constexpr Option kPlan[] = {kBundle, kNoPivot, kNoNewKeyring, kOutput, kPartOf, kPreserveFds, kUnit, kHelp};

constexpr Option kPlain[] = {kHelp};

constexpr Option kDetach = {"detach", 'd', nullptr, "leave the process running and return", set_request_switch<&ops::CreateRequest::detach>};

constexpr Option kExec[] = {
    kConsoleSocket,
    {"pidfd-socket", 0, "SOCKET", "unix socket that is sent a pidfd of the process", set_exec_text<&ops::ExecRequest::pidfd_socket>},
    {"cwd", 0, "DIR", "working directory in the container", set_exec_text<&ops::ExecRequest::cwd>},
    {"env", 'e', "NAME=VALUE", "add an environment variable; may be repeated", add_exec_text<&ops::ExecRequest::env>},
    {"tty", 't', nullptr, "allocate a terminal", set_exec_switch<&ops::ExecRequest::tty>},
    {"user", 'u', "UID[:GID]", "run as this user", set_user},
    {"additional-gids", 'g', "GID", "add a supplementary group; may be repeated", add_additional_gid},
    {"process", 'p', "FILE", "take the process from FILE, a process.json", set_exec_text<&ops::ExecRequest::process_file>},
    kDetach,
    {"pid-file", 0, "FILE", "write the pid of the process to FILE", set_request_text<&ops::CreateRequest::pid_file>},
    {"process-label", 0, "LABEL", "SELinux label of the process", set_exec_text<&ops::ExecRequest::process_label>},
    {"apparmor", 0, "PROFILE", "AppArmor profile of the process", set_exec_text<&ops::ExecRequest::apparmor>},
    {"no-new-privs", 0, nullptr, "set no_new_privs, or with =false do not, whatever the config says", set_exec_switch<&ops::ExecRequest::no_new_privileges>},
    {"cap", 'c', "CAP", "add a capability such as CAP_NET_RAW; may be repeated", add_exec_text<&ops::ExecRequest::capabilities>},
    kPreserveFds,
    {"cgroup", 0, "PATH", "run in this group below the container's own", add_exec_text<&ops::ExecRequest::cgroup>},
    {"ignore-paused", 0, nullptr, "allow it in a paused container; the process runs when that is resumed", set_exec_switch<&ops::ExecRequest::ignore_paused>},
    kHelp,
};

constexpr Option kPs[] = {
    {"format", 'f', "table|json", "what it looks like (default: table)", set_list_format},
    kHelp,
};

constexpr Option kList[] = {
    {"format", 'f', "table|json", "what it looks like (default: table)", set_list_format},
    {"quiet", 'q', nullptr, "show ids only", set_switch<&Invocation::quiet>},
    kHelp,
};

constexpr Option kKill[] = {
    // runc's obsolete spelling of "an ended container is no error".
    {"all", 'a', nullptr, nullptr, set_switch<&Invocation::all>},
    kHelp,
};

constexpr Option kDelete[] = {
    {"force", 'f', nullptr, "kill the container first if it runs; an unknown container is no error", set_switch<&Invocation::force>},
    {"part-of", 0, "caller", "only if it is part of the service that unitc runs in", [](Invocation& i, std::string_view value) -> Result<> { i.of_caller = value == "caller"; return i.of_caller ? Result<>{} : fail("must be caller"); }},
    kHelp,
};

constexpr Option kSpec[] = {
    kBundle,
    {"rootless", 0, nullptr, "write one for a container of the caller's: a user namespace with the caller as its root, no limits", set_switch<&Invocation::rootless_spec>},
    kHelp,
};

constexpr Option kEvents[] = {
    {"interval", 0, "DURATION", "time from one document of statistics to the next, such as 500ms or 1m30s (default: 5s)", set_interval},
    {"stats", 0, nullptr, "print the statistics of this moment and end", set_stats},
    kHelp,
};

constexpr Option kNoPager = {"no-pager", 0, nullptr, "do not pipe the output into a pager", set_switch<&Invocation::no_pager>};

constexpr Option kStatus[] = {
    {"lines", 'n', "N", "number of lines of the journal (default: 10)", set_status_lines},
    kNoPager, kHelp,
};

constexpr Option kLogs[] = {
    {"follow", 'f', nullptr, "go on with what is added", set_follow},
    {"lines", 'n', "N", "show the last N lines only", set_log_lines},
    kNoPager, kHelp,
};

constexpr Option kTop[] = {
    {"batch", 'b', nullptr, "print one table after the other, without asking for keys, as when the output is no terminal", set_switch<&Invocation::batch>},
    {"delay", 'd', "SECONDS", "time from one table to the next, such as 2 or 500ms (default: 1)", set_delay},
    {"iterations", 'n', "N", "end after N tables (default: 1 if the output is no terminal)", set_iterations},
    {"order", 0, "id|tasks|cpu|memory|io", "what to sort by (default: cpu)", set_order},
    kHelp,
};

using Update = ops::UpdateRequest;
constexpr uint64_t kMostPeriod = 1'000'000;
constexpr uint16_t kLeastWeight = 10, kMostWeight = 1000;
constexpr Option kUpdate[] = {
    {"resources", 'r', "FILE", "read the limits from FILE, or - for standard input, as the JSON of linux.resources; the options below are ignored then", set_update_text<&Update::resources>},
    {"blkio-weight", 0, "WEIGHT", "weight of block I/O, 10 to 1000", set_update_number_or_zero<&Update::blkio_weight, kLeastWeight, kMostWeight>},
    {"cpu-period", 0, "MICROSECONDS", "period in which the quota counts, 1000 to 1000000", set_update_number_or_zero<&Update::cpu_period, uint64_t{1000}, kMostPeriod>},
    {"cpu-quota", 0, "MICROSECONDS", "CPU time per period; -1: unlimited", set_cpu_quota},
    {"cpu-burst", 0, "MICROSECONDS", "unused CPU time that may be used later", set_update_number<&Update::cpu_burst, uint64_t{0}, UINT64_MAX>},
    {"cpu-share", 0, "SHARES", "share of the CPU beside other containers, 2 to 262144", set_update_number<&Update::cpu_shares, uint64_t{0}, UINT64_MAX>},
    {"cpu-rt-period", 0, "MICROSECONDS", "refused: cgroup v2 has no limits on real-time scheduling", refuse_real_time},
    {"cpu-rt-runtime", 0, "MICROSECONDS", "refused: cgroup v2 has no limits on real-time scheduling", refuse_real_time},
    {"cpuset-cpus", 0, "LIST", "CPUs to use, such as 0-3,7", set_update_text<&Update::cpuset_cpus>},
    {"cpuset-mems", 0, "LIST", "memory nodes to use", set_update_text<&Update::cpuset_mems>},
    {"kernel-memory", 0, "BYTES", nullptr, set_update_size<&Update::kernel_memory>},
    {"kernel-memory-tcp", 0, "BYTES", nullptr, set_update_size<&Update::kernel_memory_tcp>},
    {"memory", 0, "BYTES", "memory, such as 64M; -1: unlimited, and swap with it", set_update_size<&Update::memory>},
    {"cpu-idle", 0, "0|1", "1: only when nothing else wants the CPU (SCHED_IDLE); 0: as usual", set_update_number<&Update::cpu_idle, int64_t{0}, int64_t{1}>},
    {"memory-reservation", 0, "BYTES", "memory that is protected from being reclaimed", set_update_size<&Update::memory_reservation>},
    {"memory-swap", 0, "BYTES", "memory and swap together; -1: unlimited swap", set_update_size<&Update::memory_swap>},
    {"pids-limit", 0, "N", "number of processes and threads; -1: unlimited", set_update_number<&Update::pids_limit, INT64_MIN, INT64_MAX>},
    {"l3-cache-schema", 0, "SCHEMA", "share of the L3 cache (Intel RDT), such as L3:0=ff;1=f", set_schema<&Update::l3_cache_schema>},
    {"mem-bw-schema", 0, "SCHEMA", "share of the memory bandwidth (Intel RDT), such as MB:0=20;1=70", set_schema<&Update::mem_bw_schema>},
    kHelp,
};
// clang-format on

}  // namespace

constinit const Options kGlobalOptions = kGlobal;
constinit const Options kRootOptions = kRoot;
constinit const Options kCreateOptions = kCreate;
constinit const Options kRunOptions = kRun;
constinit const Options kStartServiceOptions = kStartService;
constinit const Options kPlanOptions = kPlan;
constinit const Options kPlainOptions = kPlain;
constinit const Options kExecOptions = kExec;
constinit const Options kPsOptions = kPs;
constinit const Options kListOptions = kList;
constinit const Options kKillOptions = kKill;
constinit const Options kDeleteOptions = kDelete;
constinit const Options kSpecOptions = kSpec;
constinit const Options kUpdateOptions = kUpdate;
constinit const Options kEventsOptions = kEvents;
constinit const Options kStatusOptions = kStatus;
constinit const Options kLogsOptions = kLogs;
constinit const Options kTopOptions = kTop;

const Option* find_option(Options options, std::string_view name) {
    for (const Option& option : options)
        if (name == option.name ||
            (name.size() == 1 && option.letter != 0 && name.front() == option.letter))
            return &option;
    return nullptr;
}

}  // namespace unitc::cli
