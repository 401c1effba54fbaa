#include "codec/h1_target.h"

#include <array>
#include <cstddef>
#include <string_view>

#include "codec/h1_fault.h"
#include "codec/h1_host.h"
#include "codec/http_text.h"

namespace weft::codec {

namespace {

constexpr std::array<std::string_view, 2> kSchemes = {"http://", "https://"};

/// What is behind a scheme that we know; empty when it is none.
std::string_view behindScheme(std::string_view target) noexcept {
  for (const std::string_view scheme : kSchemes) {
    if (equalsLower(target.substr(0, scheme.size()), scheme)) {
      return target.substr(scheme.size());
    }
  }
  return {};
}

H1Fault readAbsolute(std::string_view method, std::string_view target, H1Target& read) noexcept {
  const std::string_view rest = behindScheme(target);
  const std::size_t end = rest.find_first_of("/?");
  read.form = H1TargetForm::Absolute;
  read.authority = rest.substr(0, end);
  if (!isHost(read.authority)) {
    return H1Fault::BadTarget;
  }
  if (end == std::string_view::npos) {
    // RFC 9112 3.2.4.
    read.path = method == "OPTIONS" ? "*" : "/";
    return H1Fault::None;
  }
  read.path = rest.substr(end);
  read.slashLacks = read.path.front() == '?';
  return H1Fault::None;
}

/// RFC 9112 3.2.3: a host and a port, which is never left out.
H1Fault readAuthority(std::string_view target, H1Target& read) noexcept {
  const std::size_t colon = target.rfind(':');
  read.form = H1TargetForm::Authority;
  read.authority = target;
  const bool portLacks =
      colon == std::string_view::npos || target.ends_with(':') || target.ends_with(']');
  return !portLacks && isHost(target) ? H1Fault::None : H1Fault::BadTarget;
}

}  // namespace

H1Fault readTarget(std::string_view method, std::string_view target, H1Target& read) noexcept {
  read = {};
  if (method == "CONNECT") {
    return readAuthority(target, read);
  }
  // A fragment never leaves its client (RFC 9110 7.1); some servers cut it off, others do not.
  if (target.find('#') != std::string_view::npos) {
    return H1Fault::BadTarget;
  }
  if (target.starts_with('/')) {
    read.path = target;
    return H1Fault::None;
  }
  if (target == "*") {
    read.form = H1TargetForm::Asterisk;
    read.path = target;
    return method == "OPTIONS" ? H1Fault::None : H1Fault::BadTarget;
  }
  return readAbsolute(method, target, read);
}

}  // namespace weft::codec
