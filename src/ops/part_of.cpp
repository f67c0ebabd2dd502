// SPDX-License-Identifier: Apache-2.0
#include "ops/part_of.hpp"

#include "host/caller.hpp"
#include "ops/choice.hpp"

namespace unitc::ops {
namespace {

Result<PartOf> parse_of_annotation(std::string_view text) {
    // May take away, not give: who annotates a pod must not make it part of the
    // engine's own service.
    return text == "no" || text == "auto" ? parse_part_of(text) : fail("must be auto or no");
}

}  // namespace

Result<PartOf> parse_part_of(std::string_view text) {
    if (text == "auto")
        return PartOf::Auto;
    if (text == "no")
        return PartOf::Nobody;
    if (text == "caller")
        return PartOf::Caller;
    return fail("must be auto, no or caller");
}

Result<std::optional<host::Service>> find_caller(const CreateRequest& request,
                                                 const oci::Config& config, UnitMode mode,
                                                 const host::Facts& facts) {
    constexpr Places kPlaces{"--part-of", "org.unitc.part-of", "UNITC_PART_OF"};
    const auto said =
        TRY(choose(request.part_of, config, kPlaces, parse_part_of, parse_of_annotation));
    const PartOf what = said ? said->what : PartOf::Auto;
    const bool inside = mode == UnitMode::Self;
    if (inside && what == PartOf::Nobody)
        return fail(said->where + ": 'no' is not with --unit=self");
    if (!inside &&
        (what == PartOf::Nobody || (what == PartOf::Auto && !host::executed_by_manager())))
        return std::nullopt;
    // A unit of a user's manager cannot be part of one of the system's.
    auto service = facts.user_manager ? std::optional<host::Service>{} : TRY(host::own_service());
    if (!service && (inside || what == PartOf::Caller))
        return fail((inside ? "--unit=self" : said->where) +
                    (facts.user_manager
                         ? ": is for root's containers, not for those of a user"
                         : ": unitc does not run in a service of the system's manager"));
    return service;
}

}  // namespace unitc::ops
