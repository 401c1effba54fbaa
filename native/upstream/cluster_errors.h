// Why a cluster gives nobody an endpoint, or no connection to one.
#pragma once

#include "base/error.h"

namespace weft::upstream::errors {

inline constexpr base::Error kNoEndpoint{.text = "the cluster has no endpoint",
                                         .code = base::ErrorCode::NoEndpoint,
                                         .side = base::Side::Upstream};
inline constexpr base::Error kFailFast{.text = "the cluster has had no usable endpoint for a while",
                                       .code = base::ErrorCode::FailFast,
                                       .side = base::Side::Upstream};
inline constexpr base::Error kClusterLimit{.text = "the cluster has its maximum of connections",
                                           .code = base::ErrorCode::ClusterLimit,
                                           .side = base::Side::Upstream};
inline constexpr base::Error kPendingLimit{
    .text = "the cluster has its maximum of connects under way",
    .code = base::ErrorCode::PendingLimit,
    .side = base::Side::Upstream};
inline constexpr base::Error kEndpointLimit{.text = "each endpoint has its maximum of connections",
                                            .code = base::ErrorCode::EndpointLimit,
                                            .side = base::Side::Upstream};

/// Whether it may be otherwise in a moment: a connection that ends makes room.
[[nodiscard]] constexpr bool isLimit(base::ErrorCode code) noexcept {
  return code == base::ErrorCode::ClusterLimit || code == base::ErrorCode::PendingLimit ||
         code == base::ErrorCode::EndpointLimit;
}

}  // namespace weft::upstream::errors
