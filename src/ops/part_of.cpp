// SPDX-License-Identifier: Apache-2.0
#include "ops/part_of.hpp"

#include <cstdlib>

#include "base/text.hpp"
#include "host/caller.hpp"

namespace unitc::ops {
namespace {

constexpr const char* kAnnotation = "org.unitc.part-of";
constexpr const char* kVariable = "UNITC_PART_OF";

struct Said {
    PartOf what = PartOf::Auto;
    std::string where;
};

Result<Said> what_is_said(const CreateRequest& request, const oci::Config& config) {
    if (request.part_of)
        return Said{*request.part_of, "option --part-of"};
    for (const auto& [key, value] : config.annotations)
        if (key == kAnnotation) {
            // May take away, not give: who annotates a pod must not make it
            // part of the engine's own service.
            if (value != "no" && value != "auto")
                return fail(std::string{"annotations."} + kAnnotation + " '" +
                            text::printable(value.substr(0, 64)) + "': must be auto or no");
            return Said{value == "no" ? PartOf::Nobody : PartOf::Auto, ""};
        }
    if (const char* value = std::getenv(kVariable); value != nullptr && *value != '\0') {
        const std::string where = std::string{"environment variable "} + kVariable;
        return Said{TRY_IN(where + " '" + text::printable(value) + "'", parse_part_of(value)),
                    where};
    }
    return Said{};
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
                                                 const oci::Config& config, UnitMode mode) {
    if (mode == UnitMode::Self) {
        if (request.part_of == PartOf::Nobody)
            return fail("option --part-of 'no': not with --unit=self");
        auto own = TRY(host::own_service());
        if (!own)
            return fail("--unit=self: unitc does not run in a service of the system's manager");
        return own;
    }
    const Said said = TRY(what_is_said(request, config));
    if (said.what == PartOf::Nobody || (said.what == PartOf::Auto && !host::executed_by_manager()))
        return std::nullopt;
    auto service = TRY(host::own_service());
    if (!service && said.what == PartOf::Caller)
        return fail(said.where + ": unitc does not run in a service of the system's manager");
    return service;
}

}  // namespace unitc::ops
