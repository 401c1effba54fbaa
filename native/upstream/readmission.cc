#include "upstream/readmission.h"

#include "base/error.h"
#include "upstream/availability.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"

namespace weft::upstream {

Readmission::Readmission(Context& context, Availability& availability, Endpoint& endpoint) noexcept
    : availability_(availability),
      endpoint_(endpoint),
      probe_(context, endpoint.address, *this, context.probeSlots) {}

void Readmission::onProbed(const base::Error* error) noexcept {
  availability_.probed(endpoint_, error);
}

}  // namespace weft::upstream
