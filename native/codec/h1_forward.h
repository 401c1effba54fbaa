// Heads of HTTP/1 on their way from one connection to another: what belongs to the first connection
// is left out, what the second one needs is added (RFC 9110 7.6, RFC 9112 3, 6 and 9), and all
// other lines go on as they came. No allocation; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/header_edits.h"
#include "codec/h1_framing.h"
#include "codec/h1_head.h"
#include "codec/h1_target.h"
#include "codec/h1_writer.h"

namespace weft::codec {

/// A request that was read, with all that was found out about it.
struct H1Request {
  std::string_view held;
  const H1Head& head;
  H1Target target;
  H1Framing framing;
  std::string_view defaultHost{};            ///< For who sent none.
  std::string_view path{};                   ///< In place of the target's, when not empty.
  std::string_view host{};                   ///< The same of Host.
  const base::HeaderEdits* edits = nullptr;  ///< May be null.
  std::string_view added{};                  ///< Lines with their ends.
  const FieldBits* replaced = nullptr;       ///< Fields that those lines take the place of.
};

/// A response that was read, and to whom it goes.
struct H1Response {
  std::string_view held;
  const H1Head& head;
  H1Framing framing;
  std::uint8_t minorVersion = 1;  ///< Of who gets it.
  bool keepAlive = true;          ///< Their connection goes on behind it.
  const base::HeaderEdits* edits = nullptr;
  std::string_view via{};     ///< How the proxy calls itself; empty: it does not.
  std::string_view cookie{};  ///< That the client is given; a value of Set-Cookie.
};

/// Memory that is enough to write it.
[[nodiscard]] std::size_t forwardedBytesMax(const H1Request& request) noexcept;
[[nodiscard]] std::size_t forwardedBytesMax(const H1Response& response) noexcept;

/// Whether the other connection is asked for another protocol, too. 'h2c' is not passed on (RFC
/// 9113 3.1), and neither is what came together with it.
[[nodiscard]] bool forwardsUpgrade(const H1Request& request) noexcept;

/// In HTTP/1.1.
void forwardRequest(const H1Request& request, H1Writer& writer) noexcept;

/// In HTTP/1.1. Who speaks 1.0 gets a body in chunks without them, until the end of the connection.
void forwardResponse(const H1Response& response, H1Writer& writer) noexcept;

}  // namespace weft::codec
