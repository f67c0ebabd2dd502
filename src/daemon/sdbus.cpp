// SPDX-License-Identifier: Apache-2.0
#include "daemon/sdbus.hpp"

#include <sdbus-c++/sdbus-c++.h>

#include <optional>
#include <span>
#include <utility>

namespace unitc::daemon::sdbus_seam {
namespace {

std::vector<std::string> names_of(std::span<const Argument> arguments) {
    std::vector<std::string> names;
    for (const Argument& argument : arguments)
        names.emplace_back(argument.name);
    return names;
}

sdbus::Flags flags_of(const Property& property) {
    sdbus::Flags flags;
    if (property.tells == Tells::Never)
        flags.set(sdbus::Flags::CONST_PROPERTY_VALUE);
    if (property.tells == Tells::Nothing)
        flags.set(sdbus::Flags::EMITS_NO_SIGNAL);
    return flags;
}

}  // namespace

#if __has_include(<sdbus-c++/VTableItems.h>)

sdbus::Error error(const std::string& name, const std::string& text) {
    return sdbus::Error{sdbus::Error::Name{name}, text};
}
std::unique_ptr<sdbus::IObject> object(sdbus::IConnection& bus, const std::string& path) {
    return sdbus::createObject(bus, sdbus::ObjectPath{path});
}
std::unique_ptr<sdbus::IProxy> proxy(sdbus::IConnection& bus, const char* service,
                                     const char* path) {
    return sdbus::createProxy(bus, sdbus::ServiceName{service}, sdbus::ObjectPath{path});
}
sdbus::MethodCall method_call(sdbus::IProxy& proxy, const char* interface, const char* method) {
    return proxy.createMethodCall(sdbus::InterfaceName{interface}, sdbus::MethodName{method});
}
void send(sdbus::IProxy& proxy, const sdbus::MethodCall& call, Answered answered,
          uint64_t timeout_us) {
    proxy.callMethodAsync(
        call,
        [answered = std::move(answered)](sdbus::MethodReply reply,
                                         std::optional<sdbus::Error> problem) {
            answered(reply, problem ? &*problem : nullptr);
        },
        timeout_us);
}
void publish(sdbus::IObject& object, const Interface& interface, const Dispatch& dispatch,
             const Write& write) {
    std::vector<sdbus::VTableItem> table;
    for (const Method& method : interface.methods)
        table.emplace_back(sdbus::MethodVTableItem{
            sdbus::MethodName{method.name}, sdbus::Signature{signature(method.in)},
            names_of(method.in), sdbus::Signature{signature(method.out)}, names_of(method.out),
            [dispatch, &method](sdbus::MethodCall call) { dispatch(method, std::move(call)); },
            sdbus::Flags{}});
    for (const Property& property : interface.properties)
        table.emplace_back(sdbus::PropertyVTableItem{
            sdbus::PropertyName{property.name},
            sdbus::Signature{property.type},
            [write, &property](sdbus::PropertyGetReply& reply) { write(property, reply); },
            {},
            flags_of(property)});
    for (const Signal& signal : interface.signals)
        table.emplace_back(sdbus::SignalVTableItem{sdbus::SignalName{signal.name},
                                                   sdbus::Signature{signature(signal.arguments)},
                                                   names_of(signal.arguments), sdbus::Flags{}});
    object.addVTable(sdbus::InterfaceName{interface.name}, std::move(table));
}
sdbus::Signal signal(sdbus::IObject& object, const char* interface, const char* name) {
    return object.createSignal(sdbus::InterfaceName{interface}, sdbus::SignalName{name});
}
void emit_changed(sdbus::IObject& object, const char* interface,
                  const std::vector<const char*>& properties) {
    std::vector<sdbus::PropertyName> names;
    for (const char* property : properties)
        names.emplace_back(property);
    object.emitPropertiesChangedSignal(sdbus::InterfaceName{interface}, names);
}
void add_object_manager(sdbus::IConnection& bus, const std::string& path) {
    bus.addObjectManager(sdbus::ObjectPath{path});
}
sdbus::Slot match(sdbus::IConnection& bus, const std::string& rule, Heard heard) {
    return bus.addMatch(
        rule, [heard = std::move(heard)](sdbus::Message message) { heard(message); },
        sdbus::return_slot);
}
void request_name(sdbus::IConnection& bus, const char* name) {
    bus.requestName(sdbus::ServiceName{name});
}
void release_name(sdbus::IConnection& bus, const char* name) {
    bus.releaseName(sdbus::ServiceName{name});
}
bool process(sdbus::IConnection& bus) {
    return bus.processPendingEvent();
}

#else

sdbus::Error error(const std::string& name, const std::string& text) {
    return sdbus::Error{name, text};
}
std::unique_ptr<sdbus::IObject> object(sdbus::IConnection& bus, const std::string& path) {
    return sdbus::createObject(bus, path);
}
std::unique_ptr<sdbus::IProxy> proxy(sdbus::IConnection& bus, const char* service,
                                     const char* path) {
    return sdbus::createProxy(bus, service, path);
}
sdbus::MethodCall method_call(sdbus::IProxy& proxy, const char* interface, const char* method) {
    return proxy.createMethodCall(interface, method);
}
void send(sdbus::IProxy& proxy, const sdbus::MethodCall& call, Answered answered,
          uint64_t timeout_us) {
    proxy.callMethod(call, sdbus::async_reply_handler{std::move(answered)}, timeout_us);
}
void publish(sdbus::IObject& object, const Interface& interface, const Dispatch& dispatch,
             const Write& write) {
    for (const Method& method : interface.methods)
        object.registerMethod(
            interface.name, method.name, signature(method.in), names_of(method.in),
            signature(method.out), names_of(method.out),
            [dispatch, &method](sdbus::MethodCall call) { dispatch(method, std::move(call)); });
    for (const Property& property : interface.properties)
        object.registerProperty(
            interface.name, property.name, property.type,
            [write, &property](sdbus::PropertyGetReply& reply) { write(property, reply); },
            flags_of(property));
    for (const Signal& signal : interface.signals)
        object.registerSignal(interface.name, signal.name, signature(signal.arguments),
                              names_of(signal.arguments));
    object.finishRegistration();
}
sdbus::Signal signal(sdbus::IObject& object, const char* interface, const char* name) {
    return object.createSignal(interface, name);
}
void emit_changed(sdbus::IObject& object, const char* interface,
                  const std::vector<const char*>& properties) {
    object.emitPropertiesChangedSignal(interface, {properties.begin(), properties.end()});
}
void add_object_manager(sdbus::IConnection& bus, const std::string& path) {
    bus.addObjectManager(path, sdbus::floating_slot);
}
sdbus::Slot match(sdbus::IConnection& bus, const std::string& rule, Heard heard) {
    return bus.addMatch(rule, std::move(heard));
}
void request_name(sdbus::IConnection& bus, const char* name) {
    bus.requestName(name);
}
void release_name(sdbus::IConnection& bus, const char* name) {
    bus.releaseName(name);
}
bool process(sdbus::IConnection& bus) {
    return bus.processPendingRequest();
}

#endif

}  // namespace unitc::daemon::sdbus_seam
