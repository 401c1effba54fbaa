#include "binding/write_dump.h"

#include <cstddef>
#include <vector>

#include <js_native_api_types.h>

#include "binding/node.h"
#include "binding/words.h"
#include "engine/dump.h"
#include "snapshot/listener.h"
#include "telemetry/event.h"

namespace weft::binding {

namespace {

napi_value writeConnection(napi_env env, const engine::ConnectionDump& connection) noexcept {
  const napi_value none = makeNull(env);
  const auto state = static_cast<std::size_t>(connection.state);
  const auto protocol = static_cast<std::size_t>(connection.protocol);
  const bool known = connection.protocol != snapshot::Protocol::Detect;
  ObjectWriter writer(env);
  writer.number("worker", connection.worker)
      .number("connectionId", connection.connectionId.number)
      .number("listenerId", connection.listenerId.number)
      .number("clusterId", connection.clusterId.number)
      .set("endpointId",
           connection.endpointId.present() ? makeNumber(env, connection.endpointId.number) : none)
      .text("state", kConnectionStateWords[state])
      .set("protocol", known ? makeString(env, kProtocolWords[protocol]) : none)
      .text("downstreamAddress", connection.downstreamAddress)
      .set("upstreamAddress",
           connection.upstreamAddress ? makeString(env, *connection.upstreamAddress) : none)
      .set("originalDst", connection.originalDst ? makeString(env, *connection.originalDst) : none)
      .number("ageMs", connection.ageMs)
      .number("idleMs", connection.idleMs)
      .number("downstreamReadBytes", connection.downstreamReadBytes)
      .number("upstreamReadBytes", connection.upstreamReadBytes)
      .number("bufferedBytes", connection.bufferedBytes)
      .boolean("spliced", connection.spliced)
      .number("requestCount", connection.requestCount)
      .set("requestState",
           connection.requestState
               ? makeString(env,
                            kRequestStateWords[static_cast<std::size_t>(*connection.requestState)])
               : none);
  return writer.object();
}

napi_value writeEndpoint(napi_env env, const engine::EndpointDump& endpoint) noexcept {
  const napi_value cause =
      endpoint.cause
          ? makeString(env,
                       telemetry::kUnavailableCauseNames[static_cast<std::size_t>(*endpoint.cause)])
          : makeNull(env);
  ObjectWriter writer(env);
  writer.number("worker", endpoint.worker)
      .number("clusterId", endpoint.clusterId.number)
      .number("endpointId", endpoint.endpointId.number)
      .number("connectionsNow", endpoint.connectionsNow)
      .number("loadNow", endpoint.loadNow)
      .number("idleNow", endpoint.idleNow)
      .number("connectUs", endpoint.connectUs)
      .boolean("available", endpoint.available)
      .number("failureCount", endpoint.failureCount)
      .number("earlyCloseCount", endpoint.earlyCloseCount)
      .boolean("ejected", endpoint.ejected)
      .set("cause", cause);
  return writer.object();
}

napi_value writeListener(napi_env env, const engine::ListenerDump& listener) noexcept {
  ObjectWriter writer(env);
  writer.number("listenerId", listener.listenerId.number).text("address", listener.address);
  return writer.object();
}

template <typename Item>
napi_value writeEach(napi_env env, const std::vector<Item>& items,
                     napi_value (*write)(napi_env, const Item&) noexcept) noexcept {
  const napi_value array = makeArray(env, items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const HandleScope scope(env);
    setElement(env, array, i, write(env, items[i]));
  }
  return array;
}

}  // namespace

napi_value writeDump(napi_env env, const engine::DumpResult& dump) noexcept {
  ObjectWriter writer(env);
  writer.set("connections", writeEach(env, dump.connections, writeConnection))
      .set("endpoints", writeEach(env, dump.endpoints, writeEndpoint))
      .set("listeners", writeEach(env, dump.listeners, writeListener))
      .boolean("truncated", dump.truncated);
  return writer.object();
}

}  // namespace weft::binding
