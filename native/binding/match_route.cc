#include "binding/match_route.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <napi.h>

#include "base/header_edits.h"
#include "binding/field_reader.h"
#include "binding/js_error.h"
#include "binding/node.h"
#include "binding/read_routes.h"
#include "codec/h1_field_reader.h"
#include "proxy/route_table.h"

namespace weft::binding {

namespace {

/// Fields as a head has them: one after the other in one text.
struct FieldText {
  explicit FieldText(const std::vector<base::HeaderField>& headers) {
    for (const base::HeaderField& header : headers) {
      codec::H1Field field;
      field.nameAt = static_cast<std::uint32_t>(text.size());
      field.nameBytes = static_cast<std::uint16_t>(header.name.size());
      text += header.name;
      field.valueAt = static_cast<std::uint32_t>(text.size());
      field.valueBytes = static_cast<std::uint32_t>(header.value.size());
      text += header.value;
      fields.push_back(field);
    }
  }

  std::string text;
  std::vector<codec::H1Field> fields;
};

}  // namespace

Napi::Value matchRoute(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Reading reading(env, kErrSnapshotInvalid);
  const std::shared_ptr<const proxy::RouteTable> table =
      readRouteTable(reading, Field(reading, info[0]), nullptr);
  const Field request(reading, info[1]);
  const std::string method = request.at("method").text();
  const std::string authority = request.at("authority").text();
  const std::string path = request.at("path").text();
  const FieldText fields(readHeaderFields(reading, request.at("headers")));
  if (!reading.ok()) {
    throwError(env, reading.error());
    return env.Undefined();
  }
  const auto match = table->match({.method = method,
                                   .authority = authority,
                                   .path = path,
                                   .fields = codec::H1Fields(fields.text, fields.fields)});
  if (!match) {
    return env.Null();
  }
  ObjectWriter writer(env);
  writer.number("rule", match->rule);
  writer.number("match", match->match);
  return {env, writer.object()};
}

}  // namespace weft::binding
