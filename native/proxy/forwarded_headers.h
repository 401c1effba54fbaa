// What a request is told of who sent it: x-forwarded-for, -proto and -host, Forwarded (RFC 7239),
// Via (RFC 9110 7.6.3) and a request id, each as the listener wants it. What somebody has said
// before is believed of trusted networks only. One worker.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/address.h"
#include "base/random.h"
#include "codec/h1_field_reader.h"
#include "codec/h1_writer.h"
#include "snapshot/listener.h"

namespace weft::proxy {

/// Of a request and the connection that it came on.
struct ForwardedFacts {
  const base::Address& client;
  std::string_view host;
  codec::H1Fields fields;
  bool secured = false;
};

/// Memory that is enough for what is added.
[[nodiscard]] std::size_t addedBytesMax(const snapshot::HttpListener& settings,
                                        const ForwardedFacts& facts) noexcept;

/// Writes the lines that are added, and marks the fields that they take the place of. True: the
/// request was given an id, whose line is the last.
[[nodiscard]] bool writeAdded(const snapshot::HttpListener& settings, const ForwardedFacts& facts,
                              base::Random& random, codec::H1Writer& writer,
                              codec::FieldBits& replaced);

/// The id that was given, of those lines.
[[nodiscard]] std::string_view lastIdOf(std::string_view lines) noexcept;

}  // namespace weft::proxy
