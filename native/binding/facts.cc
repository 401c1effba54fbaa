#include "binding/facts.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <js_native_api_types.h>

#include "binding/node.h"
#include "binding/words.h"
#include "os/kernel_features.h"
#include "os/process_limits.h"
#include "telemetry/cell_table.h"
#include "telemetry/cells.h"
#include "telemetry/close_reason.h"
#include "telemetry/event.h"

namespace weft::binding {

namespace {

napi_value writeWords(napi_env env, std::span<const std::string_view> words) noexcept {
  const napi_value array = makeArray(env, words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    setElement(env, array, i, makeString(env, words[i]));
  }
  return array;
}

std::string buildText() {
#ifdef __clang__
  std::string compiler = std::string("clang ") + __clang_version__;
#else
  std::string compiler = std::string("g++ ") + __VERSION__;
#endif
  compiler.resize(compiler.find_last_not_of(' ') + 1);
  constexpr long kStandard = __cplusplus / 100 % 100;
  return compiler + ", C++" + std::to_string(kStandard);
}

}  // namespace

napi_value writeClosedLists(napi_env env) noexcept {
  ObjectWriter lists(env);
  lists.set("closeReasons", writeWords(env, telemetry::kCloseReasonNames))
      .set("eventKinds", writeWords(env, telemetry::kEventKindNames))
      .set("workerCells", writeWords(env, telemetry::kWorkerCellNames))
      .set("runKinds", writeWords(env, telemetry::kRunKindNames))
      .set("directions", writeWords(env, kDirectionWords))
      .set("protocols", writeWords(env, kProtocolWords))
      .set("unavailableCauses", writeWords(env, telemetry::kUnavailableCauseNames))
      .set("balancers", writeWords(env, kBalancerWords));
  return lists.object();
}

napi_value writeProbe(napi_env env) {
  const os::KernelFeatures kernel = os::probeKernel();
  ObjectWriter features(env);
  features.boolean("splice", kernel.splice)
      .boolean("pipeResize", kernel.pipeResize)
      .boolean("ipv6", kernel.ipv6);
  ObjectWriter probe(env);
  probe.text("build", buildText())
      .text("kernel", kernel.release)
      .set("features", features.object())
      .number("cpuCount", os::affinityCpuCount())
      .number("descriptorsMax", os::raiseDescriptorLimit());
  return probe.object();
}

}  // namespace weft::binding
