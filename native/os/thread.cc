#include "os/thread.h"

#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <linux/prctl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>

#include "base/error.h"
#include "base/result.h"

// Node 20 runs on glibc 2.28, where these live in libpthread under their first version; the present
// default version would raise what the addon asks for to 2.34.
#if defined(WEFT_GLIBC_FLOOR) && defined(__x86_64__)
__asm__(".symver pthread_create,pthread_create@GLIBC_2.2.5");
__asm__(".symver pthread_join,pthread_join@GLIBC_2.2.5");
#elif defined(WEFT_GLIBC_FLOOR) && defined(__aarch64__)
__asm__(".symver pthread_create,pthread_create@GLIBC_2.17");
__asm__(".symver pthread_join,pthread_join@GLIBC_2.17");
#endif

namespace weft::os {

struct Thread::State {
  std::string name;
  std::function<void()> body;
  pthread_t handle{};
};

namespace {

template <typename State>
void* runBody(void* argument) {
  auto* state = static_cast<State*>(argument);
  prctl(PR_SET_NAME, state->name.c_str());
  state->body();
  return nullptr;
}

}  // namespace

base::Result<std::unique_ptr<Thread>> Thread::start(std::string name, std::function<void()> body) {
  auto state = std::make_unique<State>();
  state->name = std::move(name);
  state->body = std::move(body);
  // A thread inherits the mask; on Linux sigprocmask is the calling thread's.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  const int failure = pthread_create(&state->handle, nullptr, runBody<State>, state.get());
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (failure != 0) {
    return base::errorFromErrno(failure, base::Side::Internal, "cannot start a thread");
  }
  return std::unique_ptr<Thread>(new Thread(std::move(state)));
}

Thread::Thread(std::unique_ptr<State> state) : state_(std::move(state)) {}

Thread::~Thread() {
  pthread_join(state_->handle, nullptr);
}

}  // namespace weft::os
