// Checks for programmer errors. WEFT_ASSERT is for what only a bug can break and is compiled out
// with NDEBUG; WEFT_CHECK always stays, for where going on would corrupt memory or leak one
// connection's bytes to another. Never use either on bytes from the network.
#pragma once

namespace weft::base {

/// Prints the failed condition to stderr and aborts. Any thread.
[[noreturn]] void checkFailed(const char* condition, const char* file, int line) noexcept;

}  // namespace weft::base

#define WEFT_CHECK(condition)                                    \
  do {                                                           \
    if (!(condition)) [[unlikely]] {                             \
      ::weft::base::checkFailed(#condition, __FILE__, __LINE__); \
    }                                                            \
  } while (false)

#ifdef NDEBUG
#define WEFT_ASSERT(condition) static_cast<void>(sizeof(!(condition)))
#else
#define WEFT_ASSERT(condition) WEFT_CHECK(condition)
#endif
