// SPDX-License-Identifier: Apache-2.0
#include "ops/locate.hpp"

#include <cerrno>
#include <cstdlib>

#include "base/text.hpp"
#include "sys/privilege.hpp"

namespace unitc::ops {
namespace {

Failure unknown_container() {
    return Failure{Error{ENOENT, "container does not exist"}};
}

}  // namespace

std::string default_root() {
    if (sys::owns_machine())
        return kDefaultRoot;
    // Of an ordinary user, or of one who is root in a user namespace.
    const char* directory = ::secure_getenv("XDG_RUNTIME_DIR");
    if (directory == nullptr || *directory != '/')
        return {};
    return text::clean_path(std::string{directory} + "/unitc");
}

Result<> check_root(const Globals& globals) {
    if (!globals.root.empty())
        return {};
    return fail(
        "no directory for the state of containers: $XDG_RUNTIME_DIR is not set (log in by"
        " systemd-logind: ssh, a console, 'machinectl shell'), and there is no --root");
}

Result<state::Store> open_store(const Globals& globals) {
    TRY(check_root(globals));
    auto store = state::Store::open(globals.root, state::Store::Make::No);
    if (!store && store.error().code == ENOENT)
        return unknown_container();
    return store;
}

Result<Known> find_record(const Globals& globals, const std::string& id) {
    const ContainerId checked = TRY(ContainerId::parse(id));
    state::Store store = TRY(open_store(globals));
    auto record = TRY(store.peek(checked));
    if (!record)
        return unknown_container();
    return Known{std::move(store), *std::move(record)};
}

Result<state::Entry> find_entry(const Globals& globals, const std::string& id, Deadline deadline) {
    const ContainerId checked = TRY(ContainerId::parse(id));
    state::Store store = TRY(open_store(globals));
    return store.find(checked, deadline);
}

bool means_unknown(const Error& error) {
    return error.code == ENOENT;
}

}  // namespace unitc::ops
