// Words of the contract that stand for numbers here: index is the number. lib/contract/snapshot.ts
// and addon.ts have them as unions; test/contract compares.
#pragma once

#include <array>
#include <string_view>

namespace weft::binding {

inline constexpr std::array<std::string_view, 2> kDirectionWords = {"inbound", "outbound"};
inline constexpr std::array<std::string_view, 6> kProtocolWords = {"detect", "opaque", "http1",
                                                                   "http2",  "grpc",   "tls"};
inline constexpr std::array<std::string_view, 2> kWorkloadAddressWords = {"original", "loopback"};
inline constexpr std::array<std::string_view, 2> kUnroutedWords = {"refuse", "forward"};
inline constexpr std::array<std::string_view, 3> kPathMatchWords = {"exact", "prefix", "regex"};
inline constexpr std::array<std::string_view, 2> kProxyVersionWords = {"v1", "v2"};
inline constexpr std::array<std::string_view, 6> kBalancerWords = {
    "p2cEwma", "roundRobin", "leastConnections", "random", "ringHash", "maglev"};
inline constexpr std::array<std::string_view, 4> kHashKeyWords = {"source", "path", "header",
                                                                  "cookie"};
inline constexpr std::array<std::string_view, 2> kHealthCheckWords = {"tcp", "http"};
inline constexpr std::array<std::string_view, 2> kDrainListenerWords = {"close", "keep"};
inline constexpr std::array<std::string_view, 2> kDrainScopeWords = {"all", "inbound"};
inline constexpr std::array<std::string_view, 3> kDumpWords = {"connections", "clusters",
                                                               "listeners"};
inline constexpr std::array<std::string_view, 4> kConnectionStateWords = {"connecting", "open",
                                                                          "closing", "detecting"};

/// Of a request under way, by proxy::RequestState.
inline constexpr std::array<std::string_view, 5> kRequestStateWords = {
    "delayed", "queued", "connecting", "sent", "responding"};

}  // namespace weft::binding
