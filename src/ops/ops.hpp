// SPDX-License-Identifier: Apache-2.0
// The verbs. Each does what its man page says and is all that the command
// line calls; what they print is returned as text, so that nothing here
// writes to a terminal.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace unitc::ops {

inline constexpr const char* kDefaultRoot = "/run/unitc";
inline constexpr int kDefaultDeadlineMs = 30'000;

// The options before the verb.
struct Globals {
    // Absolute and clean, never "/"; empty: neither an option nor the environment says.
    std::string root = kDefaultRoot;
    bool root_given = false;  // a default root that does not exist yet is an empty one
    bool debug = false;
    int deadline_ms = kDefaultDeadlineMs;  // --timeout: for the whole verb; a container's own
                                           // running time under `run` does not count
    bool systemd_cgroup = false;  // accepted as engines pass it; the manager is always systemd
};

// /run/unitc of the machine's root, $XDG_RUNTIME_DIR/unitc of everybody else;
// empty where that is not set.
std::string default_root();

// Whether the unit of a container is part of the service that unitc runs in.
enum class PartOf {
    Auto,    // if that service has executed unitc itself, as no engine's has
    Nobody,  // no
    Caller,  // yes, and an error where there is none
};
Result<PartOf> parse_part_of(std::string_view text);  // "auto", "no", "caller"

// What a container is to systemd.
enum class UnitMode {
    Scope,    // a scope of its own
    Service,  // a service of its own, whose parent and supervisor is PID 1
    Self,     // a group in the cgroup of the service that unitc runs in
};
Result<UnitMode> parse_unit_mode(std::string_view text);  // "scope", "service", "self"

// Whether systemd-machined is told of it.
enum class Registration { No, Auto, Yes };  // Auto: where machined runs already
Result<Registration> parse_registration(std::string_view text);  // "no", "auto", "yes"

// Where the container's standard output and error go, if no terminal is.
enum class Output {
    Inherit,  // where unitc's go
    Journal,  // to systemd-journald, as lines of the container's unit
};
Result<Output> parse_output(std::string_view text);  // "inherit", "journal"

// Who says READY=1 to the service manager that has given NOTIFY_SOCKET.
enum class ReadyBy {
    Container,  // a process of it, by sd_notify(3)
    Started,    // unitc, as soon as its program is executed
};
Result<ReadyBy> parse_ready_by(std::string_view text);  // "container", "started"

// create, run and plan.
struct CreateRequest {
    std::string id;
    std::string bundle = ".";      // as given; relative to the working directory
    std::string pid_file;          // empty: none
    std::string console_socket;    // empty: none
    std::string pidfd_socket;      // empty: none
    int listen_fds = 0;            // sockets of sd_listen_fds(3): descriptors 3 to 2 + N
    std::string listen_names;      // LISTEN_FDNAMES, as passed; empty: none
    bool listen_pidfd_id = false;  // LISTEN_PIDFDID was passed: the container gets its own
    int preserve_fds = 0;          // the next N descriptors; checked to be open
    std::string notify_socket;     // NOTIFY_SOCKET, as passed; empty: none
    std::string watchdog_usec;     // WATCHDOG_USEC, as passed
    bool no_pivot = false;
    bool no_new_keyring = false;
    bool detach = false;        // run only; create always does
    bool keep = false;          // run only: do not delete afterwards
    bool no_subreaper = false;  // run only
    std::optional<PartOf> part_of;
    std::optional<Registration> registration;
    std::optional<UnitMode> unit_mode;
    std::optional<ReadyBy> ready_by;
    std::optional<Output> output;
    std::string program;  // our own, as argv[0] has it
};

// exec. What is not given is as the container's config has it.
struct ExecRequest {
    std::string id;
    std::vector<std::string> args;  // empty: those of the process file
    std::string process_file;       // a process.json instead of the config's process
    std::string cwd;
    std::vector<std::string> env;  // NAME=VALUE, added
    std::optional<uint32_t> uid;
    std::optional<uint32_t> gid;
    std::vector<uint32_t> additional_gids;  // added
    std::vector<std::string> capabilities;  // added
    std::optional<bool> no_new_privileges;
    std::string process_label;
    std::string apparmor;
    std::optional<bool> tty;          // absent: none, or what the process file says
    std::vector<std::string> cgroup;  // one path below the container's own group
    std::string pid_file;
    std::string console_socket;
    std::string pidfd_socket;
    int preserve_fds = 0;
    bool detach = false;
    bool ignore_paused = false;
};

// Before anything else of a verb by which a container gets a process: after it
// our own executable is out of the container's reach. May execute the program
// anew.
Result<> protect_executable(char** argv);
// The same for a verb that makes a container.
Result<> begin_making(char** argv);
// After it, whatever came of it; there is nothing to wait for as a rule.
void end_making() noexcept;

Result<> create(const Globals& globals, const CreateRequest& request);
// The container's exit status as a shell shows it (128 + signal); 0 when detached.
Result<int> run(const Globals& globals, const CreateRequest& request);
// What PID 1 executes in the unit of a container that is a service: makes the
// container there and leaves it to PID 1. 1: it failed, and the caller of `run`
// was told why.
Result<int> start_service(const Globals& globals, const CreateRequest& request);
// `notify_socket`: NOTIFY_SOCKET, as passed; empty: none.
Result<> start(const Globals& globals, const std::string& id,
               const std::string& notify_socket = {});
// Another process in a running container. Its exit status as a shell shows it;
// 0 when detached. Asks neither systemd nor any bus as a rule.
Result<int> exec(const Globals& globals, const ExecRequest& request);
// What create would do, as text: unit properties, mounts, steps. Changes nothing.
Result<std::string> plan(const Globals& globals, const CreateRequest& request);

// The state as the spec's JSON document, with runc's keys beside the spec's.
Result<std::string> state(const Globals& globals, const std::string& id);

enum class ListFormat { Table, Json, Quiet };
// A container that vanishes meanwhile or whose record is damaged costs a
// warning in the log, never the list.
Result<std::string> list(const Globals& globals, ListFormat format);

enum class PsFormat { Table, Json };
// The processes in the unit's cgroup: a JSON array of their pids, or the rows
// of the host's ps(1) that are theirs. `options` are ps's, "-ef" if there are
// none.
Result<std::string> ps(const Globals& globals, const std::string& id, PsFormat format,
                       const std::vector<std::string>& options);

// `signal` is a name ("TERM", "sigterm", "RTMIN+1") or a number; `all` is
// runc's obsolete --all: a container that has stopped is no error then.
Result<> kill(const Globals& globals, const std::string& id, std::string_view signal, bool all);

// Sends the image's stop signal to the first process, and after `timeout_ms`
// ends all of them, at once if it is 0. One that has stopped is done.
Result<> stop(const Globals& globals, const std::string& id, int timeout_ms);

// Freezes all processes of a created or running container, and lets them go
// on. Not running, not paused: runc's words.
Result<> pause(const Globals& globals, const std::string& id);
Result<> resume(const Globals& globals, const std::string& id);

// update. 0, or nothing, leaves a limit as it is; -1 is "unlimited" where runc
// has it.
struct UpdateRequest {
    std::string id;
    std::string resources;  // a file with LinuxResources, "-": standard input; the rest is ignored
    uint16_t blkio_weight = 0;  // 10 to 1000
    uint64_t cpu_period = 0;    // µs
    int64_t cpu_quota = 0;      // µs per period
    std::optional<uint64_t> cpu_burst;
    uint64_t cpu_shares = 0;
    std::optional<int64_t> cpu_idle;  // 0 or 1
    std::string cpuset_cpus;
    std::string cpuset_mems;
    int64_t memory = 0;  // bytes
    int64_t memory_reservation = 0;
    int64_t memory_swap = 0;        // memory and swap together
    int64_t kernel_memory = 0;      // without effect on cgroup v2: a warning
    int64_t kernel_memory_tcp = 0;  // the same
    std::optional<int64_t> pids_limit;
    std::string l3_cache_schema;  // of Intel RDT; these two also beside `resources`
    std::string mem_bw_schema;
};

// Sets new limits of a container that is created, running or paused: the
// properties of its unit in one call, all or none, and the files that have no
// property. Only what is given changes; devices never do.
Result<> update(const Globals& globals, const UpdateRequest& request);

struct EventsRequest {
    std::string id;
    bool stats_once = false;              // one document of statistics, no more
    int64_t interval_ns = 5'000'000'000;  // from one to the next; more than 0
};
using PrintLine = Result<> (*)(std::string_view line);

// Passes statistics and OOM kills to `print` as they come, as runc's lines of
// JSON, until the container has ended. --timeout does not count here.
Result<> events(const Globals& globals, const EventsRequest& request, PrintLine print);

struct StatusRequest {
    std::string id;
    unsigned lines = 10;  // of the journal; 0: none
    bool colour = false;
};
struct StatusReport {
    std::string text;
    int exit_status = 0;  // systemctl's: 0 active, 3 not
};

// The container as `systemctl status` shows a unit: status, unit, processes,
// usage against limits, and what the journal has of the unit. An unknown one
// is ENOENT.
Result<StatusReport> status(const Globals& globals, const StatusRequest& request);

struct LogsRequest {
    std::string id;
    bool follow = false;
    std::optional<unsigned> lines;
    bool no_pager = false;
};

// Becomes journalctl(1), for this invocation of the unit: returns only when
// that is not there.
Result<> logs(const Globals& globals, const LogsRequest& request);

enum class TopOrder { Id, Tasks, Cpu, Memory, Io };
// What a table is made for; whoever shows the one before may change it.
struct TopScreen {
    TopOrder order = TopOrder::Cpu;
    unsigned rows = 0;  // 0: any number, and so for the columns
    unsigned columns = 0;
    bool colour = false;
};
struct TopRequest {
    TopScreen screen;            // of the first table
    uint64_t iterations = 0;     // 0: until told to end
    bool rates_at_once = false;  // wait once before the first table
};
// Shows a table and, unless it is the last, waits until it is time for the
// next; false: there shall be none. An empty one is only waited for.
using ShowTop = std::function<Result<bool>(std::string_view table, bool last, TopScreen& screen)>;

// What all containers use, again and again. One that vanishes meanwhile is no
// longer in the next table.
Result<> top(const Globals& globals, const TopRequest& request, const ShowTop& show);

// Ends what is left of the container and forgets it. Without `force` only a
// stopped or a not yet started one; with it any, and an unknown id is done.
// `of_caller`: only one that is part of the service which this process runs in.
Result<> remove(const Globals& globals, const std::string& id, bool force, bool of_caller);

// Writes a starter config.json into the bundle; never over an existing one.
Result<> spec(const std::string& bundle, bool rootless);

// What `unitc --version` adds: the specification's version and the libraries'
// that are built in. Costs nothing.
std::string versions();

// The features document of runtime-spec 1.3 (features.md).
Result<std::string> features();

}  // namespace unitc::ops
