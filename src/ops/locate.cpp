// SPDX-License-Identifier: Apache-2.0
#include "ops/locate.hpp"

#include <cerrno>

namespace unitc::ops {
namespace {

Failure unknown_container() {
    return Failure{Error{ENOENT, "container does not exist"}};
}

}  // namespace

Result<state::Store> open_store(const Globals& globals) {
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
