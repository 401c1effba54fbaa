#include "beast/agreement.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "codec/h1_fault.h"
#include "codec/h1_target.h"
#include "codec/http_text.h"

namespace weft::test {

namespace {

/// RFC 9112 2.2: passed over before a request. Beast leaves that to its users.
constexpr std::string_view kEmptyLine = "\r\n";

bool endsWithItsStatus(const HttpMessage& message) {
  constexpr std::size_t kStatusLineBytes = std::string_view("HTTP/1.1 200").size();
  return message.head.find("\r\n") == kStatusLineBytes;
}

bool connectionListsNoTokens(const HttpMessage& message) {
  for (const auto& [name, value] : message.fields) {
    const bool isRead =
        codec::equalsLower(name, "connection") || codec::equalsLower(name, "proxy-connection");
    std::string_view rest = isRead ? value : std::string_view();
    for (std::string_view item = codec::nextListItem(rest); !item.empty();
         item = codec::nextListItem(rest)) {
      if (!codec::consistsOf(item, codec::kToken)) {
        return true;
      }
    }
  }
  return false;
}

/// What Beast refuses and ours takes: rows of docs/protocols.md.
struct Row {
  std::string_view refusal;
  bool (*applies)(const HttpMessage& ours);
};

constexpr Row kRows[] = {{"bad status", endsWithItsStatus}, {"bad value", connectionListsNoTokens}};

bool isKnown(const HttpMessage& ours, std::string_view refusal) {
  return std::ranges::any_of(
      kRows, [&](const Row& row) { return row.refusal == refusal && row.applies(ours); });
}

std::string shown(const HttpFields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += name + ": " + value + "\n";
  }
  return text;
}

/// Where two texts differ; empty when they do not.
std::string compared(std::string_view what, const std::string& ours, const std::string& other) {
  return ours == other ? std::string()
                       : std::string(what) + ": ours '" + ours + "', Beast '" + other + "'";
}

std::string compared(std::string_view what, std::size_t ours, std::size_t other) {
  return compared(what, std::to_string(ours), std::to_string(other));
}

}  // namespace

std::string differenceOf(const HttpMessage& ours, const BeastReading& other) {
  if (!other.refusal.empty()) {
    return isKnown(ours, other.refusal) ? std::string() : "Beast refuses: " + other.refusal;
  }
  const HttpMessage& theirs = other.message;
  for (const std::string& difference :
       {compared("method", ours.method, theirs.method),
        compared("target", ours.target, theirs.target),
        compared("status", static_cast<std::size_t>(ours.status),
                 static_cast<std::size_t>(theirs.status)),
        compared("version", static_cast<std::size_t>(ours.minorVersion),
                 static_cast<std::size_t>(theirs.minorVersion)),
        compared("fields", shown(ours.fields), shown(theirs.fields)),
        compared("body", ours.body, theirs.body),
        compared("trailers", shown(ours.trailers), shown(theirs.trailers)),
        compared("whole", ours.whole, theirs.whole), compared("bytes", ours.bytes, theirs.bytes),
        compared("keep-alive", ours.keepAlive, theirs.keepAlive)}) {
    if (!difference.empty()) {
      return difference;
    }
  }
  return {};
}

std::string requestsDiffer(std::string_view bytes) {
  for (const HttpMessage& ours : requestsIn(bytes).messages) {
    codec::H1Target target;
    if (!ours.whole ||
        codec::readTarget(ours.method, ours.target, target) != codec::H1Fault::None) {
      break;
    }
    const std::size_t emptyLine = bytes.starts_with(kEmptyLine) ? kEmptyLine.size() : 0;
    BeastReading other = beastRequest(bytes.substr(emptyLine));
    other.message.bytes += emptyLine;
    const std::string difference = differenceOf(ours, other);
    if (!difference.empty() || !ours.keepAlive) {
      return difference;
    }
    bytes.remove_prefix(ours.bytes);
  }
  return {};
}

std::string responsesDiffer(std::string_view bytes, bool answersHead) {
  const std::vector<std::string> methods = {answersHead ? "HEAD" : "GET"};
  for (const HttpMessage& ours : responsesIn(bytes, methods, true).messages) {
    if (!ours.whole || ours.status == 101) {
      break;
    }
    const std::string difference = differenceOf(ours, beastResponse(bytes, answersHead));
    if (!difference.empty() || !ours.keepAlive) {
      return difference;
    }
    answersHead = answersHead && ours.status < 200;
    bytes.remove_prefix(ours.bytes);
  }
  return {};
}

}  // namespace weft::test
