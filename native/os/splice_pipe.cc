#include "os/splice_pipe.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "os/sockets.h"

namespace weft::os {

namespace {

constexpr base::Duration kDeniedPause = std::chrono::seconds(1);

}  // namespace

IoResult SplicePipe::fillFrom(int socket, std::size_t bytesMax) noexcept {
  const IoResult result = sockets_.spliceIn(socket, fds_, std::min(fds_.capacityBytes, bytesMax));
  bytes_ += result.bytes;
  return result;
}

IoResult SplicePipe::drainTo(int socket) noexcept {
  const IoResult result = sockets_.spliceOut(fds_, socket, bytes_);
  bytes_ -= result.bytes;
  return result;
}

void PipePool::setLimits(std::uint32_t countMax, std::size_t pipeBytes) noexcept {
  if (pipeBytes != pipeBytes_) {
    trim();
  }
  countMax_ = countMax;
  pipeBytes_ = pipeBytes;
  idle_.reserve(countMax);
}

LentPipe PipePool::take(base::TimePoint now) {
  if (!idle_.empty()) {
    LentPipe pipe(idle_.back().release());
    idle_.pop_back();
    return pipe;
  }
  if (openCount_ >= countMax_ || now < deniedUntil_) {
    ++deniedCount_;
    return nullptr;
  }
  const auto fds = sockets_.openPipe(pipeBytes_);
  if (!fds.ok() || fds.value().capacityBytes < kUsefulBytes) {
    if (fds.ok()) {
      sockets_.closePipe(fds.value());
    }
    ++deniedCount_;
    deniedUntil_ = now + kDeniedPause;
    return nullptr;
  }
  ++openCount_;
  return LentPipe(std::make_unique<SplicePipe>(*this, sockets_, fds.value()).release());
}

void PipeReturn::operator()(SplicePipe* pipe) const noexcept {
  pipe->pool_.give(std::unique_ptr<SplicePipe>(pipe));
}

/// One with bytes in it is closed: they belong to the connection that ends.
void PipePool::give(std::unique_ptr<SplicePipe> pipe) noexcept {
  if (pipe->size() > 0 || openCount_ > countMax_) {
    --openCount_;
    return;
  }
  idle_.push_back(std::move(pipe));
}

void PipePool::trim() noexcept {
  openCount_ -= static_cast<std::uint32_t>(idle_.size());
  idle_.clear();
}

}  // namespace weft::os
