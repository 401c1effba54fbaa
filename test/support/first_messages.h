// First messages of real protocols, out of the files in test/native/codec, and ClientHellos made
// to measure. Paths are those of the repository's root, where the tests run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codec/sniffer.h"

namespace weft::test {

struct FirstMessage {
  std::string name;
  codec::Sniffed verdict = codec::Sniffed::Opaque;
  std::string bytes;
};

[[nodiscard]] std::vector<FirstMessage> readFirstMessages();

/// A captured ClientHello and what is known of it.
struct CapturedHello {
  std::string file;
  std::string serverName;
  std::vector<std::string> alpn;
  std::string bytes;
};

[[nodiscard]] std::vector<CapturedHello> readHellos();

/// The messages of the table, and the hellos.
[[nodiscard]] std::vector<FirstMessage> allMessages();

/// Numbers in network order.
[[nodiscard]] std::string number(std::size_t value, std::size_t bytes);

/// `content` after its length.
[[nodiscard]] std::string counted(std::string_view content, std::size_t lengthBytes);

[[nodiscard]] std::string extension(std::size_t type, std::string_view content);
[[nodiscard]] std::string serverNameExtension(std::string_view name);
[[nodiscard]] std::string alpnExtension(const std::vector<std::string>& names);

/// The message without records.
[[nodiscard]] std::string helloMessage(std::string_view extensions);

/// Cut into records of `recordBytes`.
[[nodiscard]] std::string records(std::string_view message, std::size_t recordBytes = 16'384);

}  // namespace weft::test
