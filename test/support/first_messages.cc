#include "support/first_messages.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "codec/sniffer.h"

namespace weft::test {

namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string_view::npos
             ? std::string_view{}
             : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

char hexByte(std::string_view digits) {
  unsigned value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + 2, value, 16);
  EXPECT_EQ(result.ptr, digits.data() + 2) << digits;
  return static_cast<char>(value);
}

std::string unescaped(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    std::size_t used = 1;
    char byte = text.front();
    if (byte == '\\') {
      const char kind = text.at(1);
      used = kind == 'x' ? 4 : 2;
      byte = kind == 'x'   ? hexByte(text.substr(2, 2))
             : kind == 'r' ? '\r'
             : kind == 'n' ? '\n'
                           : kind;
    }
    bytes.push_back(byte);
    text.remove_prefix(used);
  }
  return bytes;
}

codec::Sniffed verdictOf(std::string_view word) {
  if (word == "http1") {
    return codec::Sniffed::Http1;
  }
  if (word == "http2") {
    return codec::Sniffed::Http2;
  }
  EXPECT_EQ(word, "opaque");
  return codec::Sniffed::Opaque;
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> names;
  std::istringstream in{std::string(list)};
  for (std::string name; std::getline(in, name, ',');) {
    names.push_back(name);
  }
  return names;
}

CapturedHello readHello(const std::filesystem::path& path) {
  CapturedHello hello;
  hello.file = path.filename();
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::string_view text = line;
    if (text.starts_with("# name ")) {
      hello.serverName = text.substr(7);
    } else if (text.starts_with("# alpn ")) {
      hello.alpn = split(text.substr(7));
    } else if (!text.starts_with('#')) {
      for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
        hello.bytes.push_back(hexByte(text.substr(at, 2)));
      }
    }
  }
  return hello;
}

}  // namespace

std::vector<FirstMessage> readFirstMessages() {
  std::vector<FirstMessage> messages;
  std::ifstream file("test/native/codec/first_messages.txt");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find('|');
    const std::size_t second = line.find('|', first + 1);
    if (line.starts_with('#') || second == std::string::npos) {
      continue;
    }
    const std::string_view text = line;
    messages.push_back({.name = std::string(trimmed(text.substr(0, first))),
                        .verdict = verdictOf(trimmed(text.substr(first + 1, second - first - 1))),
                        .bytes = unescaped(text.substr(second + 2))});
  }
  return messages;
}

std::vector<CapturedHello> readHellos() {
  std::vector<CapturedHello> hellos;
  for (const auto& entry : std::filesystem::directory_iterator("test/native/codec/hellos")) {
    hellos.push_back(readHello(entry.path()));
  }
  return hellos;
}

std::vector<FirstMessage> allMessages() {
  std::vector<FirstMessage> messages = readFirstMessages();
  for (CapturedHello& hello : readHellos()) {
    messages.push_back(
        {.name = hello.file, .verdict = codec::Sniffed::Tls, .bytes = std::move(hello.bytes)});
  }
  return messages;
}

std::string number(std::size_t value, std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t at = bytes; at > 0; --at) {
    text[at - 1] = static_cast<char>(value & 0xff);
    value >>= 8U;
  }
  return text;
}

std::string counted(std::string_view content, std::size_t lengthBytes) {
  return number(content.size(), lengthBytes).append(content);
}

std::string extension(std::size_t type, std::string_view content) {
  return number(type, 2) + counted(content, 2);
}

std::string serverNameExtension(std::string_view name) {
  return extension(0, counted(number(0, 1) + counted(name, 2), 2));
}

std::string alpnExtension(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    list += counted(name, 1);
  }
  return extension(16, counted(list, 2));
}

std::string helloMessage(std::string_view extensions) {
  const std::string body = number(0x0303, 2) + std::string(32, '\x5a') +
                           counted(std::string(32, '\x77'), 1) +
                           counted(number(0x1a1a1301, 4) + number(0x13021303, 4), 2) +
                           counted(number(0, 1), 1) + counted(extensions, 2);
  return number(1, 1) + counted(body, 3);
}

std::string records(std::string_view message, std::size_t recordBytes) {
  std::string bytes;
  for (; !message.empty(); message.remove_prefix(std::min(recordBytes, message.size()))) {
    bytes += number(0x160301, 3) + counted(message.substr(0, recordBytes), 2);
  }
  return bytes;
}

}  // namespace weft::test
