#include "http_reader.h"

#include <cstdlib>

#include <strings.h>

namespace weft::bench {

namespace {

constexpr size_t kHeadBytesMax = size_t{64} * 1024;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

bool sameWord(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

void HttpReader::restart() {
  *this = HttpReader();
}

size_t HttpReader::feed(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size() && !complete() && !broken()) {
    taken += step(bytes.substr(taken));
  }
  return taken;
}

size_t HttpReader::step(std::string_view bytes) {
  switch (state_) {
    case State::Head:
      return takeHead(bytes);
    case State::Body:
      return takeBody(bytes);
    default:
      return takeLine(bytes);
  }
}

size_t HttpReader::takeHead(std::string_view bytes) {
  const size_t before = head_.size();
  head_ += bytes.substr(0, kHeadBytesMax);
  const size_t end = head_.find(kHeadEnd, before < kHeadEnd.size() ? 0 : before - kHeadEnd.size());
  if (end == std::string::npos) {
    state_ = head_.size() >= kHeadBytesMax ? State::Broken : State::Head;
    return head_.size() - before;
  }
  head_.resize(end + kHeadEnd.size());
  readHead();
  return head_.size() - before;
}

void HttpReader::readHead() {
  std::string_view rest = head_;
  bool first = true;
  for (size_t end = rest.find("\r\n"); end > 0; end = rest.find("\r\n")) {
    const std::string_view line = rest.substr(0, end);
    first ? readStartLine(line) : readField(line);
    first = false;
    rest.remove_prefix(end + 2);
  }
  state_ = firstOfBody();
}

void HttpReader::readStartLine(std::string_view line) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) {
    return;
  }
  if (line.starts_with("HTTP/")) {
    status_ = std::atoi(line.data() + space + 1);
  } else {
    target_ = line.substr(space + 1, line.rfind(' ') - space - 1);
  }
}

void HttpReader::readField(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return;
  }
  const std::string_view name = line.substr(0, colon);
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(value.find_first_not_of(' ') == std::string_view::npos
                          ? value.size()
                          : value.find_first_not_of(' '));
  if (sameWord(name, "content-length")) {
    hasLength_ = true;
    missingBytes_ = std::strtoull(value.data(), nullptr, 10);
  } else if (sameWord(name, "transfer-encoding")) {
    chunked_ = sameWord(value, "chunked");
  } else if (sameWord(name, "connection")) {
    closes_ = sameWord(value, "close");
  }
}

HttpReader::State HttpReader::firstOfBody() const {
  if (chunked_) {
    return State::ChunkSize;
  }
  if (hasLength_) {
    return missingBytes_ > 0 ? State::Body : State::Complete;
  }
  // A request without a length has no body; a response has one until its connection ends.
  const bool empty = status_ == 204 || status_ == 304 || !target_.empty();
  return empty ? State::Complete : State::Broken;
}

size_t HttpReader::takeBody(std::string_view bytes) {
  const std::string_view part = bytes.substr(0, static_cast<size_t>(missingBytes_));
  body_ += part;
  missingBytes_ -= part.size();
  if (missingBytes_ == 0) {
    state_ = chunked_ ? State::ChunkEnd : State::Complete;
  }
  return part.size();
}

size_t HttpReader::takeLine(std::string_view bytes) {
  const size_t end = bytes.find('\n');
  const size_t taken = end == std::string_view::npos ? bytes.size() : end + 1;
  line_ += bytes.substr(0, taken);
  if (end != std::string_view::npos) {
    missingBytes_ = state_ == State::ChunkSize ? std::strtoull(line_.c_str(), nullptr, 16) : 0;
    state_ = afterLine();
    line_.clear();
  }
  return taken;
}

HttpReader::State HttpReader::afterLine() const {
  switch (state_) {
    case State::ChunkSize:
      return missingBytes_ > 0 ? State::Body : State::Trailers;
    case State::ChunkEnd:
      return State::ChunkSize;
    default:
      return line_ == "\r\n" ? State::Complete : State::Trailers;
  }
}

}  // namespace weft::bench
