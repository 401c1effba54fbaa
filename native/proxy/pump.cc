#include "proxy/pump.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "os/sockets.h"
#include "proxy/context.h"
#include "telemetry/cells.h"
#include "transport/transport.h"

namespace weft::proxy {

namespace {

using telemetry::WorkerCell;
using transport::Status;

/// What one direction may read in one turn, so that the others of the worker have theirs.
constexpr std::size_t kTurnBytes = std::size_t{2} * 1024 * 1024;

/// Copying a big read costs more than two system calls; three in a row are taken for bulk.
constexpr std::size_t kBulkReadBytes = std::size_t{32} * 1024;
constexpr std::uint8_t kBulkReadCount = 3;

/// Below this copying is as cheap as splicing.
constexpr std::size_t kSmallSpliceBytes = std::size_t{16} * 1024;
constexpr std::uint8_t kSmallSpliceCount = 3;

}  // namespace

struct Pump::Run {
  Context& context;
  const Ends& ends;
  Result result;

  Step stop(Outcome outcome, int sysErrno = 0) noexcept {
    result.outcome = outcome;
    result.sysErrno = sysErrno;
    return Step::Stop;
  }

  Step fromBlocked(Status status) noexcept {
    ends.from.readBlocked(status, context.loop().poller(), ends.fromPollable);
    return stop(Outcome::Blocked);
  }

  Step toBlocked(Status status) noexcept {
    ends.to.writeBlocked(status, context.loop().poller(), ends.toPollable);
    return stop(Outcome::Blocked);
  }
};

Pump::Result Pump::run(Context& context, const Ends& ends) noexcept {
  Run run{.context = context, .ends = ends, .result = {}};
  Step step = Step::Again;
  while (step == Step::Again) {
    if (over()) {
      step = run.stop(Outcome::Ended);
    } else if (pipe_ != nullptr) {
      step = writePipe(run);
    } else if (!held_.empty()) {
      step = writeHeld(run);
    } else if (state_ == State::Ending) {
      step = passEnd(run);
    } else if (!ends.from.readReady) {
      step = run.stop(Outcome::Blocked);
    } else if (run.result.readBytes >= kTurnBytes) {
      step = run.stop(Outcome::Yield);
    } else {
      step = splicing_ && !ends.from.urgent ? spliceOnce(run) : copyOnce(run);
    }
  }
  return run.result;
}

Pump::Result Pump::flush(Context& context, const Ends& ends) noexcept {
  Run run{.context = context, .ends = ends, .result = {}};
  Step step = Step::Again;
  while (step == Step::Again) {
    if (pipe_ != nullptr) {
      step = writePipe(run);
    } else if (!held_.empty()) {
      step = writeHeld(run);
    } else {
      step = run.stop(Outcome::Ended);
    }
  }
  return run.result;
}

void Pump::abandon() noexcept {
  state_ = State::Abandoned;
  held_.release();
  pipe_.reset();
}

void Pump::forgetBulk(Context& context) noexcept {
  bulkReads_ = 0;
  if (splicing_) {
    stopSplicing(context);
  }
}

Pump::Step Pump::writeHeld(Run& run) noexcept {
  if (!run.ends.to.writeReady) {
    return run.stop(Outcome::Blocked);
  }
  const transport::IoResult written = run.ends.to.transport->write(held_.unread());
  run.ends.to.afterWrite();
  if (written.status == Status::Failed) {
    return run.stop(Outcome::WriteFailed, written.sysErrno);
  }
  if (written.status != Status::Ok) {
    return run.toBlocked(written.status);
  }
  run.result.writtenBytes += written.bytes;
  held_.consume(written.bytes);
  return Step::Again;
}

/// The pipe goes back to the pool as soon as it is empty.
Pump::Step Pump::writePipe(Run& run) noexcept {
  if (!run.ends.to.writeReady) {
    return run.stop(Outcome::Blocked);
  }
  const os::IoResult written = pipe_->drainTo(run.ends.to.transport->spliceFd());
  if (written.status == os::IoStatus::WouldBlock) {
    return run.toBlocked(Status::WantWrite);
  }
  if (written.status != os::IoStatus::Ok) {
    return run.stop(Outcome::WriteFailed, written.sysErrno == 0 ? EPIPE : written.sysErrno);
  }
  run.result.writtenBytes += written.bytes;
  if (pipe_->size() == 0) {
    pipe_.reset();
  }
  return Step::Again;
}

Pump::Step Pump::passEnd(Run& run) noexcept {
  if (endWithheld_) {
    state_ = State::Ended;
    return run.stop(Outcome::Ended);
  }
  const transport::IoResult ended = run.ends.to.transport->shutdownWrite();
  if (ended.status == Status::Failed) {
    return run.stop(Outcome::WriteFailed, ended.sysErrno);
  }
  if (ended.status != Status::Ok) {
    return run.toBlocked(ended.status);
  }
  state_ = State::Ended;
  return run.stop(Outcome::Ended);
}

Pump::Step Pump::copyOnce(Run& run) noexcept {
  transport::Side& from = run.ends.from;
  const transport::IoResult read = from.transport->read(run.context.scratch);
  from.afterRead();
  switch (read.status) {
    case Status::Ok:
      break;
    case Status::Eof:
      state_ = State::Ending;
      return Step::Again;
    case Status::Failed:
      return run.stop(Outcome::ReadFailed, read.sysErrno);
    default:
      return run.fromBlocked(read.status);
  }
  countRead(run, read.bytes);
  judgeRead(run, read.bytes);
  if (read.bytes < run.context.scratch.size() && !from.mayHoldMore()) {
    from.readDrained();
  }
  return writeOut(run, run.context.scratch.first(read.bytes));
}

Pump::Step Pump::writeOut(Run& run, base::Bytes bytes) noexcept {
  const transport::IoResult written = run.ends.to.transport->write(bytes);
  run.ends.to.afterWrite();
  if (written.status == Status::Failed) {
    return run.stop(Outcome::WriteFailed, written.sysErrno);
  }
  run.result.writtenBytes += written.bytes;
  const base::Bytes rest = bytes.subspan(written.bytes);
  if (rest.empty()) {
    return Step::Again;
  }
  held_ = run.context.buffers.copyOf(rest);
  if (held_.empty()) {
    return run.stop(Outcome::BufferLimit);
  }
  if (written.status != Status::Ok) {
    return run.toBlocked(written.status);
  }
  // A descriptor that took a part is full; a secured transport may have ended a record.
  return run.ends.to.secured ? Step::Again : run.toBlocked(Status::WantWrite);
}

/// Empty-handed splices are ambiguous and expensive, so the socket is asked what it has before
/// another one, unless it has just filled the pipe.
Pump::Step Pump::spliceOnce(Run& run) noexcept {
  transport::Side& from = run.ends.from;
  const int fromFd = from.transport->spliceFd();
  pipe_ = run.context.upstream.pipes.take(run.context.loop().now());
  if (pipe_ == nullptr) {
    stopSplicing(run.context);
    return Step::Again;
  }
  const os::IoResult filled = pipe_->fillFrom(fromFd);
  if (filled.status != os::IoStatus::Ok) {
    return splicedNothing(run, filled);
  }
  countRead(run, filled.bytes);
  smallSplices_ =
      filled.bytes < kSmallSpliceBytes ? static_cast<std::uint8_t>(smallSplices_ + 1) : 0;
  if (smallSplices_ >= kSmallSpliceCount) {
    stopSplicing(run.context);
  }
  const bool filledUp = filled.bytes >= pipe_->capacityBytes();
  const Step step = writePipe(run);
  if (pipe_ == nullptr && !filledUp && !from.readHangup &&
      run.context.sockets().readableBytes(fromFd) == 0) {
    from.readDrained();
  }
  return step;
}

/// Urgent data makes a splice say "would block" or "end" while bytes are queued; a read gets past
/// it.
Pump::Step Pump::splicedNothing(Run& run, os::IoResult result) noexcept {
  pipe_.reset();
  transport::Side& from = run.ends.from;
  if (result.status == os::IoStatus::Failed) {
    if (result.sysErrno == EINVAL || result.sysErrno == ENOMEM) {
      spliceUnable_ = true;
      stopSplicing(run.context);
      return Step::Again;
    }
    return run.stop(Outcome::ReadFailed, result.sysErrno);
  }
  if (run.context.sockets().readableBytes(from.transport->spliceFd()) > 0) {
    stopSplicing(run.context);
    return copyOnce(run);
  }
  if (result.status == os::IoStatus::Eof) {
    state_ = State::Ending;
    return Step::Again;
  }
  return run.fromBlocked(Status::WantRead);
}

void Pump::countRead(Run& run, std::size_t bytes) noexcept {
  run.result.readBytes += bytes;
  readBytes_ += bytes;
}

/// Promotes a direction whose reads stay big.
void Pump::judgeRead(Run& run, std::size_t bytes) noexcept {
  bulkReads_ = bytes < kBulkReadBytes ? 0 : static_cast<std::uint8_t>(bulkReads_ + 1);
  if (bulkReads_ < kBulkReadCount) {
    return;
  }
  bulkReads_ = 0;
  const Ends& ends = run.ends;
  if (splicing_ || spliceUnable_ || ends.from.urgent ||
      ends.from.transport->spliceFd() == os::kNoFd || ends.to.transport->spliceFd() == os::kNoFd) {
    return;
  }
  splicing_ = true;
  smallSplices_ = 0;
  run.context.workerCells().add(WorkerCell::SplicePromotions);
}

void Pump::stopSplicing(Context& context) noexcept {
  splicing_ = false;
  bulkReads_ = 0;
  context.workerCells().add(WorkerCell::SpliceDemotions);
}

}  // namespace weft::proxy
