// MemoryNetwork: the in-memory kernel and the wire between its processes: listeners, connections,
// and what is on its way. Everything random in it comes from one seed, so that a run repeats
// itself. Processes reach it through MemorySockets, loops through MemoryPoller. One thread; time is
// the clock that it was given.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "base/random.h"
#include "support/memory_file.h"
#include "support/memory_stream.h"

namespace weft::test {

struct NetworkOptions {
  std::uint64_t seed = 1;
  std::size_t sendBytes = std::size_t{64} * 1024;     ///< Of each end of a connection.
  std::size_t receiveBytes = std::size_t{64} * 1024;  ///< Of each end of a connection.
  base::Duration delay{};  ///< Of all that travels; zero: it arrives within the call.
  bool shredded = false;   ///< Arrives in random pieces at random calls instead.
  std::size_t pieceBytes = MemoryPipe::kPageBytes;  ///< What a slot of a pipe can take of a packet.
};

/// How an address answers those who connect to it.
enum class Answer : std::uint8_t {
  Listener,  ///< As its listener does; refused when there is none.
  Refused,
  Silence,
  Unreachable,  ///< At once.
};

class MemoryListener final : public MemoryFile {
 public:
  [[nodiscard]] std::uint8_t readyBits() override {
    return waiting.empty() ? std::uint8_t{0} : os::Ready::kReadable;
  }

  base::Address address;
  std::size_t backlogCount = 0;
  std::deque<std::shared_ptr<MemoryStream>> waiting;
  bool refusesNew = false;
};

class MemoryNetwork {
 public:
  MemoryNetwork(const base::Clock& clock, const NetworkOptions& options)
      : clock_(clock), options_(options), random_(options.seed) {}

  MemoryNetwork(const MemoryNetwork&) = delete;
  MemoryNetwork& operator=(const MemoryNetwork&) = delete;

  // ---- for tests ----

  void setAnswer(const base::Address& address, Answer answer) {
    answers_[address.toString()] = answer;
  }

  /// For connections that are made from now on.
  void setBuffers(std::size_t sendBytes, std::size_t receiveBytes) noexcept {
    options_.sendBytes = sendBytes;
    options_.receiveBytes = receiveBytes;
  }

  /// Called at the beginning of each connect.
  void onConnect(std::function<void(const base::Address&)> connecting) {
    onConnect_ = std::move(connecting);
  }

  void setDelay(base::Duration delay) noexcept { options_.delay = delay; }

  void setPieceBytes(std::size_t bytes) noexcept { options_.pieceBytes = bytes; }

  /// Who waits to be accepted there leaves.
  void forgetWaiting(const base::Address& address);

  /// Delivers all that is due. False when nothing was.
  bool deliver();

  /// Delivers one random piece, if anything is due.
  void deliverSome();

  /// When something on its way is due next.
  [[nodiscard]] std::optional<base::TimePoint> nextDue() const;

  [[nodiscard]] base::Random& random() noexcept { return random_; }

  // ---- for MemorySockets ----

  /// Null when the address is taken. Port 0 becomes a free one.
  [[nodiscard]] std::shared_ptr<MemoryListener> listen(const base::Address& address,
                                                       std::size_t backlogCount);
  void close(MemoryListener& listener);

  /// A connection in the making; its errno when it failed at once.
  [[nodiscard]] std::shared_ptr<MemoryStream> connect(const base::Address& address, int& sysErrno);

  [[nodiscard]] std::size_t pieceBytes() const noexcept { return options_.pieceBytes; }

  /// Before each call of a process: the wire does not wait for it.
  void elapse() {
    if (options_.shredded && random_.below(4) == 0) {
      deliverSome();
    }
  }

  // ---- for MemoryStream ----

  /// The stream has something to deliver.
  void touch(MemoryStream& stream);

 private:
  static void forget(MemoryListener& listener);

  struct Moving {
    std::shared_ptr<MemoryStream> stream;
    base::TimePoint due;
  };

  struct Connecting {
    std::shared_ptr<MemoryStream> stream;
    base::TimePoint due;
  };

  [[nodiscard]] bool immediate() const noexcept {
    return options_.delay == base::Duration{} && !options_.shredded;
  }

  [[nodiscard]] Answer answerOf(const std::string& address) const;
  [[nodiscard]] std::shared_ptr<MemoryStream> makeStream();

  [[nodiscard]] bool due(base::TimePoint time) const noexcept { return time <= clock_.now(); }

  void finishConnect(const std::shared_ptr<MemoryStream>& stream);
  bool finishConnects();
  bool deliverOne(std::size_t index, std::size_t bytesMax);

  const base::Clock& clock_;
  NetworkOptions options_;
  base::Random random_;
  std::function<void(const base::Address&)> onConnect_;
  std::map<std::string, Answer> answers_;
  std::map<std::string, std::shared_ptr<MemoryListener>> listeners_;
  std::vector<Moving> moving_;
  std::vector<Connecting> connecting_;
  std::uint16_t nextPort_ = 40000;
};

}  // namespace weft::test
