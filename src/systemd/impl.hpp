// SPDX-License-Identifier: Apache-2.0
// What manager.cpp, job.cpp and truth.cpp share: one verb's connection and
// what it has under way.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "systemd/bus.hpp"
#include "systemd/manager.hpp"

namespace unitc::systemd {

struct Manager::Impl {
    Impl(Deadline verb_deadline, Bus connection)
        : deadline(verb_deadline), bus(std::move(connection)) {}

    Deadline deadline;
    Bus bus;

    // The start under way, kept so that it can be sent again.
    unit::UnitPlan plan;
    pid_t pid = 0;
    Fd pidfd;
    bool by_pid = false;                    // PIDs instead of PIDFDs
    std::vector<std::string> left_to_file;  // fallbacks whose property was refused
    bool reset_done = false;
    bool sent_again = false;
    Machine machine;  // whose registration is under way
    bool is_service = false;
    unit::Properties own;  // of a service, beside the plan's
    Reply accepted;        // the answer to the call that started it; not ok: not seen
    std::optional<ServiceNews> job_news;  // seen, but not told yet

    // The verb's deadline, or a little more: the truth must be readable and a
    // unit stoppable after the time has run out.
    Deadline budget() const;

    Result<> reconnect();

    // manager.cpp
    Result<> send_start();
    // The plan's properties without those that are left to files.
    unit::Properties kept_properties() const;
    // Takes the property that `reply` refuses as unknown out, if the unit can
    // do without it.
    bool drop_unknown(const Reply& reply);
    // A unit of the plan's name is there.
    enum class Next { Done, Again };
    Result<Next> on_unit_exists(const Reply& reply);

    // job.cpp. What became of a job.
    enum class JobEnd { Done, Lost, Failed };
    struct JobOutcome {
        JobEnd end = JobEnd::Lost;  // Lost: no signal, ask for the state
        std::string result;
    };
    // Waits for the signal at most `patience_ms` and never past `until`.
    JobOutcome wait_job(const Reply& started, int64_t patience_ms, Deadline until);

    // A call that may be repeated: after a lost connection it is.
    Result<Reply> call(const char* method, const std::vector<std::string>& arguments,
                       const Meanwhile& meanwhile = {});

    // truth.cpp. Nothing: the manager has no such unit.
    Result<std::optional<PropertyTexts>> properties(const std::string& name);
    Result<UnitState> state(const std::string& name);
    // Does /proc say that `pid` is in the plan's cgroup?
    Result<bool> holds_process() const;
};

// The manager does not know the property, or not for a unit that runs.
bool is_unknown_property(const Reply& reply);

// The value of `name`, taken out; empty if there is none.
std::string take(PropertyTexts& properties, std::string_view name);

// "org.freedesktop.systemd1.UnitExists: Unit x.scope already exists"; systemd's
// own words, or the name where there are none.
std::string words_of(const Reply& reply);

// Is `group`, of /proc/PID/cgroup, the cgroup of the unit whose slices and name
// make `path` ("/system.slice/unitc-web.scope")? systemd puts "_" before a name
// that could be taken for a control file ("memory.slice").
bool is_group_of(std::string_view group, std::string_view path);

}  // namespace unitc::systemd
