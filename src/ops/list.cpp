// SPDX-License-Identifier: Apache-2.0
// unitc list.
#include <optional>
#include <vector>

#include "base/log.hpp"
#include "ops/locate.hpp"
#include "ops/ops.hpp"
#include "ops/view.hpp"
#include "state/status.hpp"

namespace unitc::ops {
namespace {

// Nothing for a container that has vanished since its name was read.
Result<std::optional<View>> view_of(const state::Witness& witness, const state::Store& store,
                                    const ContainerId& id) {
    const auto record = TRY(store.peek(id));
    if (!record)
        return std::nullopt;
    const state::Truth truth = TRY(witness.ask(store, *record));
    return make_view(*record, truth.status);
}

Result<std::vector<View>> collect(const Globals& globals) {
    TRY(check_root(globals));
    const auto store = state::Store::open(globals.root, state::Store::Make::No);
    // The default directory appears with the first container; another one
    // that is missing is a typing error.
    if (!store && means_unknown(store.error()) && !globals.root_given)
        return std::vector<View>{};
    if (!store)
        return Failure{store.error()};
    std::vector<View> views;
    const auto witness = TRY(state::Witness::open());
    const auto ids = TRY(store->ids());
    for (const ContainerId& id : ids) {
        auto view = view_of(witness, *store, id);
        if (!view)
            log::warning("container '" + id.str() + "' is not listed: " + view.error().message);
        else if (*view)
            views.push_back(**std::move(view));
    }
    return views;
}

}  // namespace

Result<std::string> list(const Globals& globals, ListFormat format) {
    const std::vector<View> views = TRY(collect(globals));
    switch (format) {
        case ListFormat::Table: return to_table(views);
        case ListFormat::Json: return to_json(views);
        case ListFormat::Quiet: break;
    }
    std::string ids;
    for (const View& view : views)
        ids.append(view.id).append("\n");
    return ids;
}

}  // namespace unitc::ops
