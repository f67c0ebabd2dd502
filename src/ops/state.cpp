// SPDX-License-Identifier: Apache-2.0
// unitc state.
#include <cerrno>

#include "ops/locate.hpp"
#include "ops/ops.hpp"
#include "ops/view.hpp"
#include "state/status.hpp"

namespace unitc::ops {

Result<std::string> state(const Globals& globals, const std::string& id) {
    const ContainerId checked = TRY(ContainerId::parse(id));
    const state::Store store = TRY(open_store(globals));
    const auto record = TRY(store.peek(checked));
    if (!record)
        return Failure{Error{ENOENT, "container does not exist"}};
    const state::Truth truth = TRY(state::ask(store, *record));
    return to_json(make_view(*record, truth.status));
}

}  // namespace unitc::ops
