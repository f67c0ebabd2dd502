// SPDX-License-Identifier: Apache-2.0
// The system bus as unitcd uses it. bus.cpp is the only file that sees
// sdbus-c++ (with sdbus.hpp, which holds what differs between its versions).
// Nothing blocks but what the bus itself answers, and nothing throws.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "daemon/interface.hpp"
#include "daemon/value.hpp"

namespace unitc::daemon {

// A method call that came in, to be answered once, at any time.
class Call {
public:
    struct Impl;
    explicit Call(std::unique_ptr<Impl> impl);
    Call(Call&&) noexcept;
    Call& operator=(Call&&) noexcept;
    ~Call();

    const std::string& sender() const;  // unique name
    // Of the sender, as the bus knows it. Nothing: it has left.
    std::optional<uid_t> uid() const;
    bool may_interact() const;  // the caller waits for a password to be asked for
    const Values& arguments() const;

    void reply(const Values& values = {});
    // `name` is a D-Bus error name.
    void fail(std::string_view name, std::string_view text);

private:
    std::unique_ptr<Impl> impl_;
};

struct Object {
    std::string path;
    const Interface* interface = nullptr;
    std::function<void(const Method&, Call)> call;
    std::function<Value(std::string_view property)> get;
};

// What polkit says.
enum class Verdict { Yes, No, Challenge, Absent, Unclear };

class Bus {
public:
    static Result<Bus> open();
    Bus(Bus&&) noexcept;
    Bus& operator=(Bus&&) noexcept;
    ~Bus();

    Result<> add_object_manager(const std::string& path);
    Result<> request_name(const char* name);
    Result<> release_name(const char* name);

    // Replaces nothing: a path has one object. It tells of itself if `announce`.
    Result<> add(Object object, bool announce);
    void remove(const std::string& path);  // tells so

    void emit(const std::string& path, const char* signal, const Values& values);
    void emit_changed(const std::string& path, const std::vector<const char*>& properties);

    // CheckAuthorization of org.freedesktop.PolicyKit1 for the caller.
    void authorize(const Call& call, const char* action, const std::string& id,
                   const std::string& verb, std::function<void(Verdict)> told);

    // Calls `done` when systemd has done all that it was asked for before.
    void settle_systemd(std::function<void()> done);
    // The unique name of everybody who leaves the bus, from now on.
    Result<> watch_leavers(std::function<void(const std::string& name)> left);
    void forget_leavers();

    // For poll(2): descriptor, events, and how long at most.
    int fd() const;
    short events() const;
    int timeout_ms() const;
    // Handles one message, if there is any. An error: the bus is gone.
    Result<bool> process();

    struct Impl;

private:
    explicit Bus(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace unitc::daemon
