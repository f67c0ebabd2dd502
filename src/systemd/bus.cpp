// SPDX-License-Identifier: Apache-2.0
#include "systemd/bus.hpp"

#include <poll.h>
#include <systemd/sd-bus.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <span>

#include "base/scope_exit.hpp"
#include "sys/file.hpp"
#include "sys/privilege.hpp"
#include "systemd/library.hpp"
#include "systemd/manager.hpp"
#include "systemd/message.hpp"

namespace unitc::systemd {
namespace {

constexpr char kService[] = "org.freedesktop.systemd1";
constexpr char kObject[] = "/org/freedesktop/systemd1";
constexpr char kManager[] = "org.freedesktop.systemd1.Manager";
constexpr char kMachined[] = "org.freedesktop.machine1";

std::string text_or_empty(const char* text) {
    return text != nullptr ? text : "";
}

// A call that is under way. Lives on the heap, since sd-bus points to it.
struct Pending {
    bool done = false;
    Reply reply;
    PropertyTexts* properties = nullptr;
};

// The values of an a{sv} that PropertyTexts holds.
void read_properties(sd_bus_message* m, PropertyTexts* properties) {
    if (g_sd.message_enter_container(m, 'a', "{sv}") < 0)
        return;
    while (g_sd.message_enter_container(m, 'e', "sv") > 0) {
        const char* name = nullptr;
        const char* contents = nullptr;
        char type = 0;
        if (g_sd.message_read_basic(m, 's', &name) < 0 ||
            g_sd.message_peek_type(m, &type, &contents) < 0)
            return;
        const std::string_view signature = contents != nullptr ? contents : "";
        if (signature == "s" && g_sd.message_enter_container(m, 'v', "s") > 0) {
            const char* value = nullptr;
            g_sd.message_read_basic(m, 's', &value);
            properties->emplace_back(name, text_or_empty(value));
            g_sd.message_exit_container(m);
        } else if (signature == "ay" && g_sd.message_enter_container(m, 'v', "ay") > 0) {
            const void* bytes = nullptr;
            size_t size = 0;
            g_sd.message_read_array(m, 'y', &bytes, &size);
            constexpr std::string_view kDigits = "0123456789abcdef";
            std::string hex;
            for (const uint8_t byte : std::span{static_cast<const uint8_t*>(bytes), size})
                hex.append({kDigits[byte >> 4], kDigits[byte & 15]});
            properties->emplace_back(name, hex);
            g_sd.message_exit_container(m);
        } else if (signature == "t" && g_sd.message_enter_container(m, 'v', "t") > 0) {
            uint64_t value = 0;
            g_sd.message_read_basic(m, 't', &value);
            properties->emplace_back(name, std::to_string(value));
            g_sd.message_exit_container(m);
        } else if (signature == "i" && g_sd.message_enter_container(m, 'v', "i") > 0) {
            int32_t value = 0;
            g_sd.message_read_basic(m, 'i', &value);
            properties->emplace_back(name, std::to_string(value));
            g_sd.message_exit_container(m);
        } else {
            g_sd.message_skip(m, "v");
        }
        g_sd.message_exit_container(m);
    }
}

int on_reply(sd_bus_message* message, void* userdata, sd_bus_error*) {
    auto& pending = *static_cast<Pending*>(userdata);
    pending.done = true;
    Reply& reply = pending.reply;
    reply.sender = text_or_empty(g_sd.message_get_sender(message));
    if (const sd_bus_error* error = g_sd.message_get_error(message)) {
        reply.error_name = text_or_empty(error->name);
        reply.error_text = text_or_empty(error->message);
        return 0;
    }
    reply.ok = true;
    char type = 0;
    const char* contents = nullptr;
    if (g_sd.message_peek_type(message, &type, &contents) <= 0)
        return 0;
    const char* path = nullptr;
    if (type == 'o' && g_sd.message_read_basic(message, 'o', &path) >= 0)
        reply.path = text_or_empty(path);
    if (type == 'a' && pending.properties != nullptr)
        read_properties(message, pending.properties);
    return 0;
}

// JobRemoved(u id, o job, s unit, s result), org.freedesktop.systemd1(5).
int on_message(sd_bus_message* message, void* userdata, sd_bus_error*) {
    if (g_sd.message_is_signal(message, kManager, "JobRemoved") <= 0)
        return 0;
    uint32_t id = 0;
    const char* path = nullptr;
    const char* unit = nullptr;
    const char* result = nullptr;
    Status status;
    status << g_sd.message_read_basic(message, 'u', &id)
           << g_sd.message_read_basic(message, 'o', &path)
           << g_sd.message_read_basic(message, 's', &unit)
           << g_sd.message_read_basic(message, 's', &result);
    auto& jobs = *static_cast<std::vector<JobRemoved>*>(userdata);
    // Anyone on the bus may send us signals: their number is bounded.
    constexpr size_t kMost = 64;
    if (status.code() == 0 && jobs.size() < kMost)
        jobs.push_back({text_or_empty(g_sd.message_get_sender(message)), path, result});
    return 0;
}

// Of the user whose manager is ours. The environment says where, as for every
// client of that bus; it counts for nothing with root's own.
Failure no_user_bus(int code) {
    const char* given = ::secure_getenv("DBUS_SESSION_BUS_ADDRESS");
    const char* directory = ::secure_getenv("XDG_RUNTIME_DIR");
    if (given == nullptr && directory == nullptr)
        return fail_code(
            code,
            "no D-Bus user bus: neither $XDG_RUNTIME_DIR nor $DBUS_SESSION_BUS_ADDRESS is set: log"
            " in by systemd-logind (ssh, a console, 'machinectl shell'), su and sudo do not do");
    const std::string address = given != nullptr ? given : std::string{directory} + "/bus";
    return fail_code(code, "no D-Bus user bus at '" + address +
                               "': is the package 'dbus-user-session' installed, and does"
                               " 'systemctl --user status dbus.socket' show it listening?");
}

Failure no_bus(int code) {
    if (!sys::owns_machine())
        return no_user_bus(code);
    const char* given = ::secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
    const std::string address = given != nullptr ? given : "/run/dbus/system_bus_socket";
    return fail_code(code, "no D-Bus system bus at '" + address + "': is dbus running?");
}

}  // namespace

struct Bus::Impl {
    sd_bus* bus = nullptr;
    std::vector<JobRemoved> jobs;
    std::unique_ptr<Pending> pending;
    sd_bus_slot* slot = nullptr;

    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        abandon();
        if (bus != nullptr)
            g_sd.close_unref(bus);
    }

    void abandon() {
        if (slot != nullptr)
            g_sd.slot_unref(slot);
        slot = nullptr;
        pending.reset();
    }

    // Handles what has come, or waits for more. ETIMEDOUT at the deadline.
    Result<> pump(Deadline deadline) {
        const int rc = g_sd.process(bus, nullptr);
        if (rc < 0)
            return fail_code(-rc, "connection to the bus");
        if (rc > 0)
            return {};
        const int events = g_sd.get_events(bus);
        if (events < 0)
            return fail_code(-events, "connection to the bus");
        pollfd ready{g_sd.get_fd(bus), static_cast<short>(events), 0};
        const int count = sys::retry_eintr([&] {
            const int64_t left = deadline.left_us();
            const timespec timeout{left / 1'000'000, left % 1'000'000 * 1000};
            return ::ppoll(&ready, 1, &timeout, nullptr);
        });
        if (count < 0)
            return fail_sys("poll");
        if (count == 0)
            return fail_code(ETIMEDOUT, "connection to the bus");
        return {};
    }

    Result<Message> new_call(const char* service, const char* object, const char* interface,
                             const char* method) {
        sd_bus_message* message = nullptr;
        const int rc =
            g_sd.message_new_method_call(bus, &message, service, object, interface, method);
        if (rc < 0)
            return fail_code(-rc, "sd_bus_message_new_method_call", method);
        return Message{message};
    }

    Result<> submit(const Message& message, PropertyTexts* properties, Deadline deadline) {
        abandon();
        pending = std::make_unique<Pending>();
        pending->properties = properties;
        const auto timeout = static_cast<uint64_t>(std::max<int64_t>(deadline.left_us(), 1));
        const int rc = g_sd.call_async(bus, &slot, message.get(), on_reply, pending.get(), timeout);
        if (rc < 0)
            return fail_code(-rc, "sd_bus_call_async");
        return {};
    }

    Result<Reply> ask(const Message& message, PropertyTexts* properties, Deadline deadline) {
        TRY(submit(message, properties, deadline));
        return await(deadline);
    }

    Result<Reply> await(Deadline deadline, const Meanwhile& meanwhile = {}) {
        Pauses pauses;
        bool idle = !meanwhile;
        while (!pending->done) {
            const Deadline until = idle ? deadline : deadline.but_at_most_us(pauses.next_us());
            auto pumped = pump(until);
            if (!pumped && pumped.error().code == ETIMEDOUT && !deadline.passed()) {
                idle = meanwhile();
            } else if (!pumped && !pending->done) {
                abandon();
                return Failure{std::move(pumped).error()};
            }
        }
        Reply reply = std::move(pending->reply);
        abandon();
        return reply;
    }
};

Bus::Bus(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Bus::Bus(Bus&&) noexcept = default;
Bus& Bus::operator=(Bus&&) noexcept = default;
Bus::~Bus() = default;

Result<Bus> Bus::open(Deadline deadline) {
    TRY(load_library());
    auto impl = std::make_unique<Impl>();
    const bool users = !sys::owns_machine();
    // Doubles with each try, up to a fifth of a second.
    for (int64_t pause_us = 5'000;; pause_us = std::min<int64_t>(pause_us * 2, 200'000)) {
        const int rc = users ? g_sd.open_user(&impl->bus) : g_sd.open_system(&impl->bus);
        if (rc >= 0)
            break;
        // A full backlog of the listening socket.
        if (rc != -EAGAIN || deadline.left_us() <= pause_us)
            return no_bus(-rc);
        // Many clients were refused at the same moment and must not all come
        // back at the same moment.
        ::poll(nullptr, 0, static_cast<int>((pause_us + monotonic_us() % pause_us) / 2000));
    }
    if (const int rc = g_sd.add_filter(impl->bus, nullptr, on_message, &impl->jobs); rc < 0)
        return fail_code(-rc, "sd_bus_add_filter");
    return Bus{std::move(impl)};
}

int Bus::fd() const {
    return g_sd.get_fd(impl_->bus);
}

Result<> Bus::watch_jobs(const std::string& unit) {
    const Message message = TRY(impl_->new_call("org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                "org.freedesktop.DBus", "AddMatch"));
    // By hand and not by sd_bus_add_match: a backslash, which unit names may
    // hold, stands for itself in the bus's grammar and not in sd-bus's.
    const std::string match =
        "type='signal',sender='org.freedesktop.systemd1',path='/org/freedesktop/systemd1',"
        "interface='org.freedesktop.systemd1.Manager',member='JobRemoved',arg2='" +
        unit + "'";
    Status status;
    // Should it be refused, await_job's caller asks for the state instead.
    status << g_sd.message_set_expect_reply(message.get(), 0)
           << g_sd.message_append_basic(message.get(), 's', match.c_str())
           << g_sd.send(impl_->bus, message.get(), nullptr);
    if (status.code() != 0)
        return fail_code(status.code(), "AddMatch");
    return {};
}

Result<> Bus::begin_start(const std::string& unit, const unit::Properties& properties,
                          std::span<const unit::Property> more, Deadline deadline) {
    // A message with descriptors makes sd-bus wait for the answer to Hello,
    // in its own time: up to 90 s. So that wait is ours.
    while (g_sd.is_ready(impl_->bus) == 0)
        TRY(impl_->pump(deadline));
    const Message message = TRY(impl_->new_call(kService, kObject, kManager, "StartTransientUnit"));
    sd_bus_message* const m = message.get();
    Status status;
    status << g_sd.message_append_basic(m, 's', unit.c_str())
           << g_sd.message_append_basic(m, 's', "fail")
           << g_sd.message_open_container(m, 'a', "(sv)");
    for (const unit::Property& property : properties)
        append_property(m, property, status);
    for (const unit::Property& property : more)
        append_property(m, property, status);
    status << g_sd.message_close_container(m) << g_sd.message_open_container(m, 'a', "(sa(sv))")
           << g_sd.message_close_container(m);
    if (status.code() != 0)
        return fail_code(status.code(), "StartTransientUnit", unit);
    impl_->jobs.clear();
    return impl_->submit(message, nullptr, deadline);
}

Result<Reply> Bus::attach(const std::string& unit, const std::string& group, pid_t pid,
                          Deadline deadline) {
    const Message message =
        TRY(impl_->new_call(kService, kObject, kManager, "AttachProcessesToUnit"));
    sd_bus_message* const m = message.get();
    const auto number = static_cast<uint32_t>(pid);
    Status status;
    status << g_sd.message_append_basic(m, 's', unit.c_str())
           << g_sd.message_append_basic(m, 's', group.c_str())
           << g_sd.message_append_array(m, 'u', &number, sizeof number);
    if (status.code() != 0)
        return fail_code(status.code(), "AttachProcessesToUnit", unit);
    return impl_->ask(message, nullptr, deadline);
}

Result<> Bus::flush(Deadline deadline) {
    for (;;) {
        uint64_t queued = 0;
        const int rc = g_sd.get_n_queued_write(impl_->bus, &queued);
        if (rc < 0)
            return fail_code(-rc, "sd_bus_get_n_queued_write");
        if (queued == 0)
            return {};
        TRY(impl_->pump(deadline));
    }
}

Result<Reply> Bus::await_started(Deadline deadline) {
    return impl_->await(deadline);
}

Result<bool> Bus::await_job(const Reply& started, Deadline deadline, JobRemoved* job) {
    const auto is_ours = [&](const JobRemoved& removed) {
        // A signal sent to us by a stranger has another sender.
        return removed.path == started.path && removed.sender == started.sender;
    };
    for (;;) {
        const auto found = std::find_if(impl_->jobs.begin(), impl_->jobs.end(), is_ours);
        if (found != impl_->jobs.end()) {
            *job = *found;
            return true;
        }
        impl_->jobs.clear();
        if (auto pumped = impl_->pump(deadline); !pumped) {
            if (pumped.error().code == ETIMEDOUT)
                return false;
            return Failure{std::move(pumped).error()};
        }
    }
}

Result<Reply> Bus::call_manager(const char* method, const std::vector<std::string>& arguments,
                                Deadline deadline, const Meanwhile& meanwhile) {
    const Message message = TRY(impl_->new_call(kService, kObject, kManager, method));
    Status status;
    for (const std::string& argument : arguments)
        status << g_sd.message_append_basic(message.get(), 's', argument.c_str());
    if (status.code() != 0)
        return fail_code(status.code(), method);
    TRY(impl_->submit(message, nullptr, deadline));
    return impl_->await(deadline, meanwhile);
}

Result<Reply> Bus::set_properties(const std::string& unit, const unit::Properties& properties,
                                  Deadline deadline) {
    const Message message = TRY(impl_->new_call(kService, kObject, kManager, "SetUnitProperties"));
    sd_bus_message* const m = message.get();
    const int runtime = 1;
    Status status;
    status << g_sd.message_append_basic(m, 's', unit.c_str())
           << g_sd.message_append_basic(m, 'b', &runtime)
           << g_sd.message_open_container(m, 'a', "(sv)");
    for (const unit::Property& property : properties)
        append_property(m, property, status);
    status << g_sd.message_close_container(m);
    if (status.code() != 0)
        return fail_code(status.code(), "SetUnitProperties", unit);
    return impl_->ask(message, nullptr, deadline);
}

Result<Reply> Bus::unit_properties(const std::string& unit, PropertyTexts* properties,
                                   Deadline deadline) {
    char* object = nullptr;
    const int rc = g_sd.path_encode("/org/freedesktop/systemd1/unit", unit.c_str(), &object);
    if (rc < 0)
        return fail_code(-rc, "sd_bus_path_encode", unit);
    const ScopeExit free_object{[&] { ::free(object); }};
    const Message message =
        TRY(impl_->new_call(kService, object, "org.freedesktop.DBus.Properties", "GetAll"));
    // No interface: those of the unit and of its type in one answer, so that
    // they are of one moment.
    if (const int added = g_sd.message_append_basic(message.get(), 's', ""); added < 0)
        return fail_code(-added, "GetAll");
    return impl_->ask(message, properties, deadline);
}

Result<> Bus::begin_register(const Machine& machine, pid_t leader, Deadline deadline) {
    const Message message =
        TRY(impl_->new_call(kMachined, "/org/freedesktop/machine1",
                            "org.freedesktop.machine1.Manager", "RegisterMachine"));
    sd_bus_message* const m = message.get();
    const auto pid = static_cast<uint32_t>(leader);
    Status status;
    status << g_sd.message_set_auto_start(m, machine.start_service ? 1 : 0)
           << g_sd.message_append_basic(m, 's', machine.name.c_str())
           << g_sd.message_append_array(m, 'y', nullptr, 0)  // no machine id
           << g_sd.message_append_basic(m, 's', "unitc")
           << g_sd.message_append_basic(m, 's', "container")
           << g_sd.message_append_basic(m, 'u', &pid)
           << g_sd.message_append_basic(m, 's', machine.root.c_str());
    if (status.code() != 0)
        return fail_code(status.code(), "RegisterMachine", machine.name);
    return impl_->submit(message, nullptr, deadline);
}

Result<Reply> Bus::call_machined(const char* method, const std::string& name, Deadline deadline) {
    const Message message = TRY(impl_->new_call(kMachined, "/org/freedesktop/machine1",
                                                "org.freedesktop.machine1.Manager", method));
    if (const int rc = g_sd.message_append_basic(message.get(), 's', name.c_str()); rc < 0)
        return fail_code(-rc, method);
    return impl_->ask(message, nullptr, deadline);
}

Result<Reply> Bus::machine_properties(const std::string& path, PropertyTexts* properties,
                                      Deadline deadline) {
    const Message message =
        TRY(impl_->new_call(kMachined, path.c_str(), "org.freedesktop.DBus.Properties", "GetAll"));
    if (const int rc = g_sd.message_append_basic(message.get(), 's', ""); rc < 0)
        return fail_code(-rc, "GetAll");
    return impl_->ask(message, properties, deadline);
}

}  // namespace unitc::systemd
