// H1ChunkReader: a body in chunks (RFC 9112 7.1) and the trailers behind it. Says which bytes are
// the body and how many are still to come of a chunk, so that they can be moved without being
// looked at. Extensions are checked and left out. The same for every cut of the bytes. No
// allocation; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "codec/h1_fault.h"
#include "codec/h1_field_reader.h"

namespace weft::codec {

/// Of the line with the size of a chunk and its extensions.
inline constexpr std::uint32_t kChunkLineBytesMax = 1024;

/// Lines of fields behind a body, with the bytes that they lie in.
struct H1Trailers {
  std::string_view held;
  std::span<const H1Field> fields;
  std::size_t linesEnd = 0;
};

enum class H1ChunkEvent : std::uint8_t {
  NeedMore,  ///< Nothing more can be said of these bytes.
  Data,      ///< The first `bytes` are bytes of the body.
  Passed,    ///< The first `bytes` are not.
  End,       ///< The first `bytes` end the message.
  Bad,
};

struct H1ChunkStep {
  H1ChunkEvent event = H1ChunkEvent::NeedMore;
  std::size_t bytes = 0;
};

/// The trailers of a body, again: those of an End are lost when anything else is read between its
/// steps. REQUIRES: `section` is the bytes of that step, and `fields` has room for as many.
[[nodiscard]] H1Trailers trailersOf(std::string_view section, std::span<H1Field> fields) noexcept;

class H1ChunkReader {
 public:
  /// `trailers`: of the section behind the body.
  explicit H1ChunkReader(const H1Limits& trailers) noexcept : trailers_(trailers) {}

  /// One step through `held`: what has come and was not yet in a step. Of NeedMore all of it comes
  /// again, and more. `fields` gets the trailers, with offsets into the `held` of the End.
  [[nodiscard]] H1ChunkStep advance(std::string_view held, std::span<H1Field> fields) noexcept;

  /// Bytes of the present chunk that are still to come.
  [[nodiscard]] std::uint64_t dataLeft() const noexcept { return left_; }

  /// So many bytes of the body were moved without a step. REQUIRES: bytes <= dataLeft().
  void moved(std::uint64_t bytes) noexcept { left_ -= bytes; }

  [[nodiscard]] std::uint32_t trailerCount() const noexcept { return trailers_.count(); }

  [[nodiscard]] H1Fault fault() const noexcept { return fault_; }

 private:
  enum class State : std::uint8_t { Size, Data, DataEnd, Trailers };

  [[nodiscard]] H1ChunkStep readSize(std::string_view held) noexcept;
  [[nodiscard]] H1ChunkStep readDataEnd(std::string_view held) noexcept;
  [[nodiscard]] H1ChunkStep readTrailers(std::string_view held, std::span<H1Field> fields) noexcept;
  [[nodiscard]] H1ChunkStep refuse(H1Fault fault) noexcept;

  std::uint64_t left_ = 0;
  H1Lines sizeLine_;
  H1Lines trailerLines_;
  H1FieldReader trailers_;
  State state_ = State::Size;
  H1Fault fault_ = H1Fault::None;
};

}  // namespace weft::codec
