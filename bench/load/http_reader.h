// Messages of HTTP/1.1, one at a time, out of bytes as they come; for load programs, which talk to
// programs whose framing others test. A message that it cannot delimit is broken.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weft::bench {

class HttpReader {
 public:
  // Takes bytes up to the end of the message and returns how many; takes none behind it.
  size_t feed(std::string_view bytes);
  // Ready for the next message.
  void restart();

  bool complete() const { return state_ == State::Complete; }

  bool broken() const { return state_ == State::Broken; }

  // True from the first byte of a message on.
  bool started() const { return !head_.empty(); }

  // Of a response.
  int status() const { return status_; }

  // Of a request.
  std::string_view target() const { return target_; }

  // The sender closes the connection behind this message.
  bool closes() const { return closes_; }

  // Without its framing.
  std::string_view body() const { return body_; }

 private:
  enum class State { Head, Body, ChunkSize, ChunkEnd, Trailers, Complete, Broken };

  size_t step(std::string_view bytes);
  size_t takeHead(std::string_view bytes);
  size_t takeBody(std::string_view bytes);
  size_t takeLine(std::string_view bytes);
  State afterLine() const;
  void readHead();
  void readStartLine(std::string_view line);
  void readField(std::string_view line);
  State firstOfBody() const;

  State state_ = State::Head;
  std::string head_;
  std::string line_;  // of the framing of chunks
  std::string body_;
  std::string target_;
  int status_ = 0;
  bool closes_ = false;
  bool chunked_ = false;
  bool hasLength_ = false;
  uint64_t missingBytes_ = 0;  // of the body, or of the chunk
};

}  // namespace weft::bench
