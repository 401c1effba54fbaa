// Routes of HTTP from JavaScript -> proxy::RouteTable, as lib/contract/http-routes.ts has them.
// JavaScript thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/header_edits.h"
#include "binding/field_reader.h"
#include "proxy/route_table.h"

namespace weft::binding {

/// `before` is taken when it has the same revision; it may be null. Without meaning when the
/// reading has failed.
[[nodiscard]] std::shared_ptr<const proxy::RouteTable> readRouteTable(
    Reading& reading, const Field& field, std::shared_ptr<const proxy::RouteTable> before);

[[nodiscard]] std::vector<base::HeaderField> readHeaderFields(Reading& reading, const Field& field);

}  // namespace weft::binding
