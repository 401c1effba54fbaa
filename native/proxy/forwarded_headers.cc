#include "proxy/forwarded_headers.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/network.h"
#include "base/random.h"
#include "codec/h1_field_reader.h"
#include "codec/h1_writer.h"
#include "codec/http_text.h"
#include "snapshot/listener.h"

namespace weft::proxy {

namespace {

constexpr std::string_view kFor = "x-forwarded-for";
constexpr std::string_view kProto = "x-forwarded-proto";
constexpr std::string_view kHost = "x-forwarded-host";
constexpr std::string_view kForwarded = "forwarded";

/// Of names, punctuation and an id.
constexpr std::size_t kFixedBytes = 512;

constexpr std::string_view kHexDigits = "0123456789abcdef";

/// 128 bits in hexadecimal.
constexpr std::size_t kIdDigits = 32;

bool isTrusted(const snapshot::Forwarded& forwarded, const base::Address& client) noexcept {
  return std::ranges::any_of(
      forwarded.from, [&client](const base::Network& network) { return network.contains(client); });
}

/// What is there with that name goes on in front of the new value, or not at all.
class Additions {
 public:
  Additions(const ForwardedFacts& facts, bool trusted, codec::H1Writer& writer,
            codec::FieldBits& replaced) noexcept
      : facts_(facts), trusted_(trusted), writer_(writer), replaced_(replaced) {}

  /// Begins a line whose items are a list, with those that are there.
  void beginList(std::string_view name) noexcept {
    writer_.text(name);
    writer_.text(": ");
    for (std::size_t index = 0; index < facts_.fields.size(); ++index) {
      if (codec::equalsLower(facts_.fields.name(index), name)) {
        replaced_.set(index);
        if (trusted_ && !facts_.fields.value(index).empty()) {
          writer_.text(facts_.fields.value(index));
          writer_.text(", ");
        }
      }
    }
  }

  void end() noexcept { writer_.text("\r\n"); }

  /// One value: what a trusted one has said, else this.
  void one(std::string_view name, std::string_view value) noexcept {
    bool said = false;
    for (std::size_t index = 0; index < facts_.fields.size(); ++index) {
      if (codec::equalsLower(facts_.fields.name(index), name)) {
        said = said || trusted_;
        if (!trusted_) {
          replaced_.set(index);
        }
      }
    }
    if (!said) {
      writer_.field(name, value);
    }
  }

 private:
  const ForwardedFacts& facts_;
  bool trusted_;
  codec::H1Writer& writer_;
  codec::FieldBits& replaced_;
};

/// RFC 7239 4: quoted where it is no token.
void writePair(std::string_view name, std::string_view value, codec::H1Writer& writer) noexcept {
  const bool token = !value.empty() && codec::consistsOf(value, codec::kToken);
  writer.text(name);
  writer.text(token ? "=" : "=\"");
  writer.text(value);
  writer.text(token ? "" : "\"");
}

void writeForwarded(const snapshot::Forwarded& settings, const ForwardedFacts& facts,
                    codec::H1Writer& writer, codec::FieldBits& replaced) {
  const std::string client = facts.client.hostText();
  const std::string_view scheme = facts.secured ? "https" : "http";
  Additions additions(facts, isTrusted(settings, facts.client), writer, replaced);
  if (settings.xForwarded) {
    additions.beginList(kFor);
    writer.text(client);
    additions.end();
    additions.one(kProto, scheme);
    additions.one(kHost, facts.host);
  }
  if (settings.forwarded) {
    const bool ipv6 = client.find(':') != std::string::npos;
    additions.beginList(kForwarded);
    writePair("for", ipv6 ? '[' + client + ']' : client, writer);
    writePair(";host", facts.host, writer);
    writePair(";proto", scheme, writer);
    additions.end();
  }
}

bool hasField(const codec::H1Fields& fields, std::string_view lower) noexcept {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (codec::equalsLower(fields.name(index), lower)) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::size_t addedBytesMax(const snapshot::HttpListener& settings,
                          const ForwardedFacts& facts) noexcept {
  std::size_t bytes = kFixedBytes + settings.via.size() + settings.requestId.size();
  if (settings.forwarded) {
    bytes += 2 * facts.host.size();
    for (std::size_t index = 0; index < facts.fields.size(); ++index) {
      bytes += facts.fields.value(index).size() + 2;
    }
  }
  return bytes;
}

bool writeAdded(const snapshot::HttpListener& settings, const ForwardedFacts& facts,
                base::Random& random, codec::H1Writer& writer, codec::FieldBits& replaced) {
  if (const auto& forwarded = settings.forwarded) {
    writeForwarded(*forwarded, facts, writer, replaced);
  }
  if (!settings.via.empty()) {
    writer.text("via: 1.1 ");
    writer.text(settings.via);
    writer.text("\r\n");
  }
  if (settings.requestId.empty() || hasField(facts.fields, settings.requestId)) {
    return false;
  }
  std::array<char, kIdDigits> digits{};
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    bits = i % 16 == 0 ? random.next() : bits >> 4U;
    digits.at(i) = kHexDigits[bits & 15U];
  }
  writer.field(settings.requestId, std::string_view(digits.data(), digits.size()));
  return true;
}

std::string_view lastIdOf(std::string_view lines) noexcept {
  lines.remove_suffix(codec::kLineEndBytes);
  return lines.substr(lines.size() - kIdDigits);
}

}  // namespace weft::proxy
