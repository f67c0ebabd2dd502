// SPDX-License-Identifier: Apache-2.0
// The system bus, or the user's where we are not the machine's root, as little
// of it as unitc needs; bus.cpp is the only file that sees sd-bus. libsystemd is opened when the
// first connection is made: that costs 0.6 ms, which commands that never ask the manager must not
// pay. Linked it would cost every start that much, sdbus-c++ and what it brings 1.4 ms, which is
// why it is not used here.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/stopwatch.hpp"
#include "unit/property.hpp"

namespace unitc::systemd {

// What came back from a method call.
struct Reply {
    bool ok = false;
    std::string sender;  // unique name of who answered
    std::string path;    // the object path it carries, if it carries one
    // Otherwise: "org.freedesktop.systemd1.NoSuchUnit" and its words.
    std::string error_name;
    std::string error_text;

    bool is_error(std::string_view suffix) const { return !ok && error_name.ends_with(suffix); }
    // No answer at all, as opposed to "no": connection or manager went away,
    // or time ran out. What happened must be asked for.
    bool in_doubt() const;
};

struct JobRemoved {
    std::string sender;
    std::string path;
    std::string result;  // done, canceled, timeout, failed, dependency, skipped, …
};

// Properties with a string, byte-array, uint64 or int32 value, the second in
// hex, the last two in decimal digits.
using PropertyTexts = std::vector<std::pair<std::string, std::string>>;

// As in manager.hpp.
struct Machine;
using Meanwhile = std::function<bool()>;

class Bus {
public:
    // Connects, and queues authentication and Hello; neither is awaited. A
    // bus that takes no connection now (EAGAIN, ECONNREFUSED of a full
    // backlog aside) is tried again until the deadline.
    static Result<Bus> open(Deadline deadline);
    Bus(Bus&&) noexcept;
    Bus& operator=(Bus&&) noexcept;
    ~Bus();

    int fd() const;

    // Adds the match for JobRemoved of this one unit; not awaited. Signals are
    // kept until take_job.
    Result<> watch_jobs(const std::string& unit);

    // StartTransientUnit in mode "fail"; its reply is awaited with
    // await_started. One call at a time. `more`: properties that are not the plan's.
    Result<> begin_start(const std::string& unit, const unit::Properties& properties,
                         std::span<const unit::Property> more, Deadline deadline);
    // Returns once all that is queued is in the socket.
    Result<> flush(Deadline deadline);
    Result<Reply> await_started(Deadline deadline);

    // The JobRemoved of that job from that sender, or nothing in time. An
    // error when the connection is gone.
    Result<bool> await_job(const Reply& started, Deadline deadline, JobRemoved* job);

    // A method of org.freedesktop.systemd1.Manager with string arguments.
    Result<Reply> call_manager(const char* method, const std::vector<std::string>& arguments,
                               Deadline deadline, const Meanwhile& meanwhile = {});

    // SetUnitProperties with runtime = true.
    Result<Reply> set_properties(const std::string& unit, const unit::Properties& properties,
                                 Deadline deadline);

    // AttachProcessesToUnit: moves a process into the unit's group, or the one
    // below it that `group` ("/x") names.
    Result<Reply> attach(const std::string& unit, const std::string& group, pid_t pid,
                         Deadline deadline);

    // All properties of a unit's object in one answer. `path` comes from
    // unit_path.
    Result<Reply> unit_properties(const std::string& unit, PropertyTexts* properties,
                                  Deadline deadline);

    // RegisterMachine of org.freedesktop.machine1, with the class "container"
    // and the service "unitc"; its reply is awaited with await_started. Queued
    // and written as far as the socket takes it.
    Result<> begin_register(const Machine& machine, pid_t leader, Deadline deadline);
    // A method of machined's manager with a name; its reply may carry a path.
    Result<Reply> call_machined(const char* method, const std::string& name, Deadline deadline);
    // The properties of the machine at `path`, which comes from GetMachine.
    Result<Reply> machine_properties(const std::string& path, PropertyTexts* properties,
                                     Deadline deadline);

private:
    struct Impl;
    explicit Bus(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace unitc::systemd
