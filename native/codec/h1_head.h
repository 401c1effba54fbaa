// H1HeadReader: the head of a request or a response of HTTP/1 (RFC 9112 2 to 5): the first line and
// the fields, as offsets into the bytes that came, so that a head goes on as it came but for what
// is edited. Strict, and the same for every cut of the bytes. No allocation; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "codec/h1_fault.h"
#include "codec/h1_field_reader.h"

namespace weft::codec {

enum class H1Kind : std::uint8_t { Request, Response };

/// A part of the bytes of a head.
struct H1Part {
  std::uint32_t at = 0;
  std::uint32_t bytes = 0;

  [[nodiscard]] std::string_view in(std::string_view head) const noexcept {
    return head.substr(at, bytes);
  }
};

struct H1Head {
  H1Part method;  ///< Of a request.
  H1Part target;  ///< Of a request; as it came.
  H1Part reason;  ///< Of a response; may be empty.
  std::uint16_t status = 0;
  std::uint8_t minorVersion = 1;  ///< 0 or 1.
  std::uint32_t bytes = 0;        ///< Of the whole head; what comes behind is the body.
  std::uint32_t fieldCount = 0;
  std::array<H1Field, kH1FieldsMax> fields;

  [[nodiscard]] H1Fields fieldsIn(std::string_view held) const noexcept {
    return {held, std::span(fields).first(fieldCount)};
  }
};

class H1HeadReader {
 public:
  H1HeadReader(H1Kind kind, const H1Limits& limits) noexcept
      : fields_(limits), limits_(limits), kind_(kind) {}

  /// `held` is everything since the first byte of the message, longer with each call. What is not
  /// Whole leaves `head` without meaning, and `head` is the same one each time. Before a request
  /// one empty line is passed over (RFC 9112 2.2).
  [[nodiscard]] H1Read advance(std::string_view held, H1Head& head) noexcept;

  /// Why it was Bad.
  [[nodiscard]] H1Fault fault() const noexcept { return fault_; }

 private:
  [[nodiscard]] H1Read readFirstLine(std::string_view held, H1Head& head) noexcept;

  H1Lines lines_;
  H1FieldReader fields_;
  H1Limits limits_;
  H1Kind kind_;
  bool inFields_ = false;
  bool emptyLineSeen_ = false;
  H1Fault fault_ = H1Fault::None;
};

}  // namespace weft::codec
