// Pump: one direction of an opaque session: moves bytes from one side to the other until the source
// ends, keeps what could not be written, and reads no more until that is out. Copies first; through
// a pipe while the direction is sustained bulk. Owned by its session.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "os/buffer_pool.h"
#include "os/splice_pipe.h"
#include "proxy/context.h"
#include "transport/side.h"

namespace weft::proxy {

class Pump {
 public:
  /// The two ends of a run and who is told about their readiness.
  struct Ends {
    transport::Side& from;
    transport::Side& to;
    os::Pollable& fromPollable;
    os::Pollable& toPollable;
  };

  enum class Outcome : std::uint8_t {
    Blocked,  ///< Waits for one of the sides.
    Yield,    ///< Its share of this turn is used up; there is more.
    Ended,    ///< The source's end was passed on.
    ReadFailed,
    WriteFailed,
    BufferLimit,  ///< No memory for bytes that were read and could not be written.
  };

  struct Result {
    Outcome outcome = Outcome::Blocked;
    int sysErrno = 0;
    std::uint64_t readBytes = 0;
    std::uint64_t writtenBytes = 0;
  };

  /// Whether a run may find something to do; most readiness is for the other way.
  [[nodiscard]] bool hasWork(const transport::Side& from) const noexcept {
    return !over() &&
           (from.readReady || pipe_ != nullptr || !held_.empty() || state_ == State::Ending);
  }

  /// What was read from the source before there was a pump; `ended`: its end came behind that.
  /// REQUIRES: nothing was moved yet.
  void preload(os::Buffer bytes, bool ended) noexcept {
    readBytes_ = bytes.size();
    held_ = std::move(bytes);
    state_ = ended ? State::Ending : State::Open;
  }

  /// The same of a copy of what is no end. False when there is no memory for it.
  [[nodiscard]] bool preload(os::BufferPool& buffers, base::Bytes bytes) noexcept {
    readBytes_ = bytes.size();
    return buffers.append(held_, bytes);
  }

  /// Moves what can be moved now.
  [[nodiscard]] Result run(Context& context, const Ends& ends) noexcept;

  /// Only writes what is held already. Ended when nothing is left; the end itself is not passed on.
  [[nodiscard]] Result flush(Context& context, const Ends& ends) noexcept;

  /// The destination is gone: what is held is dropped and nothing more is read.
  void abandon() noexcept;

  /// The source's end will not be passed on as an end: a reset follows.
  void withholdEnd() noexcept { endWithheld_ = true; }

  /// A silence is over: bulk has to show itself again.
  void forgetBulk(Context& context) noexcept;

  /// Nothing more will come out of this direction.
  [[nodiscard]] bool over() const noexcept {
    return state_ == State::Ended || state_ == State::Abandoned;
  }

  [[nodiscard]] bool abandoned() const noexcept { return state_ == State::Abandoned; }

  [[nodiscard]] std::size_t heldBytes() const noexcept {
    return held_.size() + (pipe_ == nullptr ? 0 : pipe_->size());
  }

  [[nodiscard]] std::uint64_t readBytes() const noexcept { return readBytes_; }

  [[nodiscard]] bool spliced() const noexcept { return splicing_; }

 private:
  enum class State : std::uint8_t { Open, Ending, Ended, Abandoned };

  /// What one step of a run says about the next.
  enum class Step : std::uint8_t { Again, Stop };

  struct Run;

  [[nodiscard]] Step writeHeld(Run& run) noexcept;
  [[nodiscard]] Step writePipe(Run& run) noexcept;
  [[nodiscard]] Step passEnd(Run& run) noexcept;
  [[nodiscard]] Step copyOnce(Run& run) noexcept;
  [[nodiscard]] Step writeOut(Run& run, base::Bytes bytes) noexcept;
  [[nodiscard]] Step spliceOnce(Run& run) noexcept;
  [[nodiscard]] Step splicedNothing(Run& run, os::IoResult result) noexcept;
  void countRead(Run& run, std::size_t bytes) noexcept;
  void judgeRead(Run& run, std::size_t bytes) noexcept;
  void stopSplicing(Context& context) noexcept;

  os::Buffer held_;
  os::LentPipe pipe_;
  std::uint64_t readBytes_ = 0;
  State state_ = State::Open;
  std::uint8_t bulkReads_ = 0;     ///< Big reads in a row.
  std::uint8_t smallSplices_ = 0;  ///< Small splices in a row.
  bool splicing_ = false;
  bool endWithheld_ = false;
  bool spliceUnable_ = false;  ///< The kernel cannot splice this pair.
};

}  // namespace weft::proxy
