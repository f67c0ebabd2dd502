// SPDX-License-Identifier: Apache-2.0
// The container of a service: stopped with it. (A scope is never restarted:
// the service makes the new one itself.)
#include <algorithm>

#include "unit/builder.hpp"

namespace unitc::unit {
namespace {

bool lists(const Builder& builder, std::string_view property, const std::string& unit) {
    const Property* known = builder.find(property);
    const Strings* units = known != nullptr ? std::get_if<Strings>(&known->value) : nullptr;
    return units != nullptr && std::find(units->begin(), units->end(), unit) != units->end();
}

}  // namespace

// Before, not After: the scope is started while the service itself is being
// started, for which After would wait in vain. What follows is the right order
// of the end as well: the service's own way to stop comes first, with its
// ExecStop=, its signal and its timeout, and the scope's only then.
Result<> add_caller(const host::Service& caller, Builder& builder) {
    TRY(check_unit_name(caller.unit));
    builder.add_to_list("PartOf", caller.unit);
    if (!lists(builder, "After", caller.unit))
        builder.add_to_list("Before", caller.unit);
    return {};
}

}  // namespace unitc::unit
