// H1FieldReader: the lines of fields of a head or a trailer section (RFC 9112 5), as offsets into
// the bytes that came. Strict: a line that two programs may read in two ways is refused. Goes over
// each byte once however they are cut, and its verdict is the same for every cut. No allocation;
// any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "codec/h1_fault.h"

namespace weft::codec {

/// Names that decide something on the way; Other for all else.
enum class FieldName : std::uint8_t {
  Other,
  Accept,
  Connection,
  ContentLength,
  Expect,
  Host,
  KeepAlive,
  ProxyConnection,
  Te,
  Trailer,
  TransferEncoding,
  Upgrade,
};

[[nodiscard]] FieldName fieldNameOf(std::string_view name) noexcept;

/// Offsets into the bytes of the head.
struct H1Field {
  std::uint32_t nameAt = 0;
  std::uint32_t valueAt = 0;
  std::uint32_t valueBytes = 0;  ///< Without white space around it.
  std::uint16_t nameBytes = 0;
  FieldName name = FieldName::Other;
};

struct H1Limits {
  std::uint32_t headBytesMax = 65'536;  ///< Of first line, fields and their line ends.
  std::uint32_t fieldsMax = 128;        ///< At most kH1FieldsMax.
};

inline constexpr std::size_t kH1FieldsMax = 256;

enum class H1Read : std::uint8_t { NeedMore, Whole, Bad };

/// The fields of one head, with the bytes that they lie in: a view that lives no longer than both.
class H1Fields {
 public:
  H1Fields(std::string_view head, std::span<const H1Field> fields) noexcept
      : head_(head), fields_(fields) {}

  [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }

  [[nodiscard]] const H1Field& at(std::size_t index) const noexcept { return fields_[index]; }

  [[nodiscard]] std::string_view name(std::size_t index) const noexcept {
    return head_.substr(fields_[index].nameAt, fields_[index].nameBytes);
  }

  [[nodiscard]] std::string_view value(std::size_t index) const noexcept {
    return head_.substr(fields_[index].valueAt, fields_[index].valueBytes);
  }

 private:
  std::string_view head_;
  std::span<const H1Field> fields_;
};

/// One line at a time of what came so far.
class H1Lines {
 public:
  /// The next whole line of `held` without its CRLF, in which a CR may be: Whole; or why there is
  /// none. `held` is everything since the first byte, longer with each call.
  [[nodiscard]] H1Read next(std::string_view held, std::uint32_t bytesMax,
                            std::string_view& line) noexcept;

  /// Where the next line begins.
  [[nodiscard]] std::uint32_t lineAt() const noexcept { return lineAt_; }

  [[nodiscard]] H1Fault fault() const noexcept { return fault_; }

 private:
  [[nodiscard]] H1Read refuse(H1Fault fault) noexcept;

  std::uint32_t lineAt_ = 0;
  std::uint32_t lookedAt_ = 0;  ///< There is no LF between the two.
  H1Fault fault_ = H1Fault::None;
};

/// Why a line is bad: a CR within it is the better reason. Whoever reads a line finds that
/// something is wrong with one that has a CR.
[[nodiscard]] H1Fault orBareCr(H1Fault fault, std::string_view line) noexcept;

class H1FieldReader {
 public:
  explicit H1FieldReader(const H1Limits& limits) noexcept : limits_(limits) {}

  /// Reads fields behind the line that `lines` is at, up to the empty line; whole lines are never
  /// looked at again. `fields` has room for limits.fieldsMax.
  [[nodiscard]] H1Read advance(std::string_view held, H1Lines& lines,
                               std::span<H1Field> fields) noexcept;

  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }

  [[nodiscard]] H1Fault fault() const noexcept { return fault_; }

 private:
  /// `line` is at `lineAt` of `held`.
  [[nodiscard]] H1Fault addField(std::string_view held, std::string_view line, std::uint32_t lineAt,
                                 std::span<H1Field> fields) noexcept;

  H1Limits limits_;
  std::uint32_t count_ = 0;
  H1Fault fault_ = H1Fault::None;
};

}  // namespace weft::codec
