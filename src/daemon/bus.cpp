// SPDX-License-Identifier: Apache-2.0
#include "daemon/bus.hpp"

#include <sdbus-c++/sdbus-c++.h>
#include <systemd/sd-bus.h>

#include <cerrno>
#include <map>
#include <utility>

#include "base/log.hpp"
#include "daemon/sdbus.hpp"

namespace unitc::daemon {
namespace {

namespace seam = sdbus_seam;

constexpr const char* kFailed = "org.freedesktop.DBus.Error.Failed";

// What sdbus-c++ does not tell of a message, asked of sd-bus itself.
struct Raw : sdbus::Message {
    static sd_bus_message* of(const sdbus::Message& message) {
        return static_cast<sd_bus_message*>(message.*(&Raw::msg_));
    }
};

std::string text_of(const char* text) {
    return text == nullptr ? std::string{} : std::string{text};
}

struct Writer {
    sdbus::Message& out;

    void operator()(int32_t value) { out << value; }
    void operator()(uint32_t value) { out << value; }
    void operator()(uint64_t value) { out << value; }
    void operator()(const std::string& value) { out << value; }
    void operator()(const ObjectPath& value) { out << sdbus::ObjectPath{value.text}; }
    void operator()(const StringMap& map) {
        out.openContainer("{ss}");
        for (const auto& [key, value] : map) {
            out.openDictEntry("ss");
            out << key << value;
            out.closeDictEntry();
        }
        out.closeContainer();
    }
    void operator()(const ListRows& rows) {
        out.openContainer("(ssuso)");
        for (const ListRow& row : rows) {
            out.openStruct("ssuso");
            out << row.id << row.status << row.pid << row.unit << sdbus::ObjectPath{row.path.text};
            out.closeStruct();
        }
        out.closeContainer();
    }
    void operator()(const Settings&) {}  // is only ever received
};

void write(sdbus::Message& out, const Value& value) {
    std::visit(Writer{out}, value);
}

template <typename T>
T read(sdbus::Message& in) {
    T value{};
    in >> value;
    return value;
}

Settings read_settings(sdbus::Message& in) {
    Settings settings;
    in.enterContainer("{sv}");
    while (in.enterDictEntry("sv")) {
        Setting setting;
        sdbus::Variant variant;
        in >> setting.name >> variant;
        setting.type = variant.peekValueType();
        if (setting.type == "t")
            setting.value = variant.get<uint64_t>();
        settings.push_back(std::move(setting));
        in.exitDictEntry();
    }
    in.clearFlags();
    in.exitContainer();
    return settings;
}

// sd-bus has compared the signature with the table's by now.
Values read_arguments(const Method& method, sdbus::Message& in) {
    Values values;
    for (const Argument& argument : method.in) {
        const std::string_view type = argument.type;
        if (type == "s")
            values.emplace_back(read<std::string>(in));
        else if (type == "i")
            values.emplace_back(read<int32_t>(in));
        else if (type == "t")
            values.emplace_back(read<uint64_t>(in));
        else if (type == "a{sv}")
            values.emplace_back(read_settings(in));
    }
    return values;
}

// The door at which sdbus-c++'s exceptions end.
template <typename Action>
Result<> guard(const char* what, Action action) {
    try {
        action();
        return {};
    } catch (const sdbus::Error& error) {
        return unitc::fail(std::string{what} + ": " + error.getMessage());
    } catch (const std::exception& error) {
        return unitc::fail(std::string{what} + ": " + error.what());
    }
}

template <typename Action>
void guard_and_log(const char* what, Action action) {
    if (const auto done = guard(what, action); !done)
        log::warning(done.error().message);
}

}  // namespace

struct Call::Impl {
    sdbus::MethodCall call;
    std::string sender;
    Values arguments;
    bool answered = false;
};

Call::Call(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Call::Call(Call&&) noexcept = default;
Call& Call::operator=(Call&&) noexcept = default;

Call::~Call() {
    if (impl_ && !impl_->answered)
        fail(kFailed, "unitcd ends");
}

const std::string& Call::sender() const {
    return impl_->sender;
}

const Values& Call::arguments() const {
    return impl_->arguments;
}

std::optional<uid_t> Call::uid() const {
    sd_bus_creds* creds = nullptr;
    // Without SD_BUS_CREDS_AUGMENT: what the bus attests, nothing out of /proc.
    if (sd_bus_query_sender_creds(Raw::of(impl_->call), SD_BUS_CREDS_EUID, &creds) < 0)
        return std::nullopt;
    uid_t uid = 0;
    const bool known = sd_bus_creds_get_euid(creds, &uid) >= 0;
    sd_bus_creds_unref(creds);
    return known ? std::optional{uid} : std::nullopt;
}

bool Call::may_interact() const {
    return sd_bus_message_get_allow_interactive_authorization(Raw::of(impl_->call)) > 0;
}

void Call::reply(const Values& values) {
    impl_->answered = true;
    guard_and_log("reply", [&] {
        sdbus::MethodReply reply = impl_->call.createReply();
        for (const Value& value : values)
            write(reply, value);
        reply.send();
    });
}

void Call::fail(std::string_view name, std::string_view text) {
    impl_->answered = true;
    guard_and_log("reply", [&] {
        const auto error = seam::error(std::string{name}, std::string{text});
        impl_->call.createErrorReply(error).send();
    });
}

struct Bus::Impl {
    struct Entry {
        Object object;
        std::unique_ptr<sdbus::IObject> handle;
    };
    // Declared first, so that it goes last: the others are registered with it.
    std::unique_ptr<sdbus::IConnection> connection;
    std::unique_ptr<sdbus::IProxy> polkit;
    std::unique_ptr<sdbus::IProxy> systemd;
    seam::Slot leavers;
    std::map<std::string, std::unique_ptr<Entry>> objects;

    Entry* find(const std::string& path) {
        const auto found = objects.find(path);
        return found == objects.end() ? nullptr : found->second.get();
    }
};

Bus::Bus(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Bus::Bus(Bus&&) noexcept = default;
Bus& Bus::operator=(Bus&&) noexcept = default;
Bus::~Bus() = default;

Result<Bus> Bus::open() {
    auto impl = std::make_unique<Impl>();
    TRY(guard("system bus", [&] { impl->connection = sdbus::createSystemBusConnection(); }));
    return Bus{std::move(impl)};
}

Result<> Bus::add_object_manager(const std::string& path) {
    return guard("object manager", [&] { seam::add_object_manager(*impl_->connection, path); });
}

Result<> Bus::request_name(const char* name) {
    return guard("request name", [&] { seam::request_name(*impl_->connection, name); });
}

Result<> Bus::release_name(const char* name) {
    return guard("release name", [&] { seam::release_name(*impl_->connection, name); });
}

Result<> Bus::add(Object object, bool announce) {
    return guard("register object", [&] {
        auto entry = std::make_unique<Impl::Entry>();
        Impl::Entry* const stays = entry.get();
        entry->object = std::move(object);
        const std::string& path = entry->object.path;
        entry->handle = seam::object(*impl_->connection, path);
        seam::publish(
            *entry->handle, *entry->object.interface,
            [stays](const Method& method, sdbus::MethodCall message) {
                auto call = std::make_unique<Call::Impl>();
                call->sender = text_of(sd_bus_message_get_sender(Raw::of(message)));
                call->arguments = read_arguments(method, message);
                call->call = std::move(message);
                stays->object.call(method, Call{std::move(call)});
            },
            [stays](const Property& property, sdbus::PropertyGetReply& reply) {
                write(reply, stays->object.get(property.name));
            });
        if (announce)
            entry->handle->emitInterfacesAddedSignal();
        impl_->objects.insert_or_assign(path, std::move(entry));
    });
}

void Bus::remove(const std::string& path) {
    if (const Impl::Entry* entry = impl_->find(path)) {
        guard_and_log("remove object", [&] { entry->handle->emitInterfacesRemovedSignal(); });
        impl_->objects.erase(path);
    }
}

void Bus::emit(const std::string& path, const char* signal, const Values& values) {
    const Impl::Entry* entry = impl_->find(path);
    if (entry == nullptr)
        return;
    guard_and_log("emit signal", [&] {
        auto message = seam::signal(*entry->handle, entry->object.interface->name, signal);
        for (const Value& value : values)
            write(message, value);
        entry->handle->emitSignal(message);
    });
}

void Bus::emit_changed(const std::string& path, const std::vector<const char*>& properties) {
    if (const Impl::Entry* entry = impl_->find(path))
        guard_and_log("emit PropertiesChanged", [&] {
            seam::emit_changed(*entry->handle, entry->object.interface->name, properties);
        });
}

void Bus::authorize(const Call& call, const char* action, const std::string& id,
                    const std::string& verb, std::function<void(Verdict)> told) {
    constexpr const char* kService = "org.freedesktop.PolicyKit1";
    constexpr const char* kAuthority = "org.freedesktop.PolicyKit1.Authority";
    // Long enough for somebody to find and type a password.
    constexpr uint64_t kPatientUs = 120'000'000;
    constexpr uint64_t kImpatientUs = 25'000'000;
    const bool interact = call.may_interact();
    const auto sent = guard("ask polkit", [&] {
        if (!impl_->polkit)
            impl_->polkit =
                seam::proxy(*impl_->connection, kService, "/org/freedesktop/PolicyKit1/Authority");
        auto message = seam::method_call(*impl_->polkit, kAuthority, "CheckAuthorization");
        message.openStruct("sa{sv}");
        message << "system-bus-name";
        message.openContainer("{sv}");
        message.openDictEntry("sv");
        message << "name";
        message.openVariant("s");
        message << call.sender();
        message.closeVariant();
        message.closeDictEntry();
        message.closeContainer();
        message.closeStruct();
        message << action;
        write(message, StringMap{{"id", id}, {"verb", verb}});
        message << (interact ? uint32_t{1} : uint32_t{0}) << "";
        seam::send(
            *impl_->polkit, message,
            [told](sdbus::MethodReply& reply, const sdbus::Error* error) {
                if (error != nullptr) {
                    const std::string& name = error->getName();
                    // Not there, or not to be started.
                    const bool absent = name.ends_with(".ServiceUnknown") ||
                                        name.ends_with(".NameHasNoOwner") ||
                                        name.starts_with("org.freedesktop.systemd1.") ||
                                        name.find(".Spawn.") != std::string::npos;
                    return told(absent ? Verdict::Absent : Verdict::Unclear);
                }
                reply.enterStruct("bba{ss}");
                const bool yes = read<bool>(reply);
                const bool challenge = read<bool>(reply);
                told(yes ? Verdict::Yes : challenge ? Verdict::Challenge : Verdict::No);
            },
            interact ? kPatientUs : kImpatientUs);
    });
    if (!sent)
        told(Verdict::Unclear);
}

// A round of its event loop applies what was set in the one before; an answer of
// a later one tells that it has.
void Bus::settle_systemd(std::function<void()> done) {
    const auto sent = guard("ask systemd", [&] {
        if (!impl_->systemd)
            impl_->systemd = seam::proxy(*impl_->connection, "org.freedesktop.systemd1",
                                         "/org/freedesktop/systemd1");
        const auto call = seam::method_call(*impl_->systemd, "org.freedesktop.DBus.Peer", "Ping");
        seam::send(
            *impl_->systemd, call, [done](sdbus::MethodReply&, const sdbus::Error*) { done(); }, 0);
    });
    if (!sent)
        done();
}

Result<> Bus::watch_leavers(std::function<void(const std::string&)> left) {
    constexpr const char* kRule =
        "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
        "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg2=''";
    return guard("watch the bus", [&] {
        impl_->leavers = seam::match(
            *impl_->connection, kRule, [left = std::move(left)](sdbus::Message& message) {
                const char* name = nullptr;
                if (sd_bus_message_read_basic(Raw::of(message), 's', &name) > 0)
                    left(text_of(name));
            });
    });
}

void Bus::forget_leavers() {
    impl_->leavers.reset();
}

int Bus::fd() const {
    return impl_->connection->getEventLoopPollData().fd;
}

short Bus::events() const {
    return impl_->connection->getEventLoopPollData().events;
}

int Bus::timeout_ms() const {
    return impl_->connection->getEventLoopPollData().getPollTimeout();
}

Result<bool> Bus::process() {
    bool more = false;
    TRY(guard("system bus", [&] { more = seam::process(*impl_->connection); }));
    return more;
}

}  // namespace unitc::daemon
