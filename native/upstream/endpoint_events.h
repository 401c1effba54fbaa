// What the log and the metrics are told when an endpoint stops or begins to be usable.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "telemetry/event.h"

namespace weft::upstream {

struct Context;
struct Endpoint;

struct FailureCause {
  telemetry::UnavailableCause cause;
  base::Error error;
};

/// `again`: when it is asked next, about.
void tellUnavailable(Context& context, base::ClusterId cluster, const Endpoint& endpoint,
                     const FailureCause& cause, base::Duration again);

/// It failed for that cause, and does no longer.
void tellAvailable(Context& context, base::ClusterId cluster, const Endpoint& endpoint,
                   telemetry::UnavailableCause cause);

}  // namespace weft::upstream
