// SPDX-License-Identifier: Apache-2.0
// sdbus-c++ 1.2 (Debian 12) and 2.x (Debian 13) under one set of names: all
// that differs between them is behind these. Any of them may throw sdbus::Error.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/interface.hpp"

namespace sdbus {
class Error;
class IConnection;
class IObject;
class IProxy;
class Message;
class MethodCall;
class MethodReply;
class PropertyGetReply;
class Signal;
}  // namespace sdbus

namespace unitc::daemon::sdbus_seam {

using Slot = std::unique_ptr<void, std::function<void(void*)>>;
using Write = std::function<void(const Property&, sdbus::PropertyGetReply&)>;
using Dispatch = std::function<void(const Method&, sdbus::MethodCall)>;
using Heard = std::function<void(sdbus::Message&)>;
using Answered = std::function<void(sdbus::MethodReply&, const sdbus::Error*)>;

sdbus::Error error(const std::string& name, const std::string& text);

std::unique_ptr<sdbus::IObject> object(sdbus::IConnection& bus, const std::string& path);
// Registers all that the table has; `interface` must outlive the object.
void publish(sdbus::IObject& object, const Interface& interface, const Dispatch& dispatch,
             const Write& write);
sdbus::Signal signal(sdbus::IObject& object, const char* interface, const char* name);
void emit_changed(sdbus::IObject& object, const char* interface,
                  const std::vector<const char*>& properties);
void add_object_manager(sdbus::IConnection& bus, const std::string& path);

std::unique_ptr<sdbus::IProxy> proxy(sdbus::IConnection& bus, const char* service,
                                     const char* path);
sdbus::MethodCall method_call(sdbus::IProxy& proxy, const char* interface, const char* method);
// `timeout_us` 0: the library's own.
void send(sdbus::IProxy& proxy, const sdbus::MethodCall& call, Answered answered,
          uint64_t timeout_us);

Slot match(sdbus::IConnection& bus, const std::string& rule, Heard heard);
void request_name(sdbus::IConnection& bus, const char* name);
void release_name(sdbus::IConnection& bus, const char* name);
bool process(sdbus::IConnection& bus);

}  // namespace unitc::daemon::sdbus_seam
