// SPDX-License-Identifier: Apache-2.0
// unitc state.
#include "ops/locate.hpp"
#include "ops/ops.hpp"
#include "ops/view.hpp"
#include "state/status.hpp"

namespace unitc::ops {

Result<std::string> state(const Globals& globals, const std::string& id) {
    const auto [store, record] = TRY(find_record(globals, id));
    const state::Truth truth = TRY(state::ask(store, record));
    return to_json(make_view(record, truth.status));
}

}  // namespace unitc::ops
