// Keeps the addon loadable where Node 20 is: glibc 2.28, libstdc++ of GCC 5. What newer headers
// call and older libraries lack is defined here, hidden, so that only the addon sees it.
#include <memory>    // IWYU pragma: keep
#include <typeinfo>  // IWYU pragma: keep

#include "base/assert.h"

extern "C" {
// Whether the process has one thread only, asked by libstdc++'s headers: a variable of glibc 2.32.
// It has more.
//
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name is libc's.
[[gnu::visibility("hidden")]] char __libc_single_threaded = 0;
}

// What _GLIBCXX_ASSERTIONS and array allocation call when they fail, and what std::make_shared
// compares with where there is no RTTI; of GCC 9 to 12.
__asm__(".hidden _ZSt21__glibcxx_assert_failPKciS0_S0_");
__asm__(".hidden _ZSt28__throw_bad_array_new_lengthv");
__asm__(".hidden _ZNSt19_Sp_make_shared_tag5_S_eqERKSt9type_info");

// The names are libstdc++'s.
//
// NOLINTBEGIN(bugprone-reserved-identifier,misc-include-cleaner)
namespace std {

void __glibcxx_assert_fail(const char* file, int line, const char*,
                           const char* condition) noexcept {
  weft::base::checkFailed(
      condition == nullptr ? "a precondition of the standard library" : condition,
      file == nullptr ? "unknown" : file, line);
}

void __throw_bad_array_new_length() {
  weft::base::checkFailed("array length", __FILE__, __LINE__);
}

// Without RTTI nobody has the real type_info that this one asks about.
bool _Sp_make_shared_tag::_S_eq(const type_info&) noexcept {
  return false;
}

}  // namespace std

// NOLINTEND(bugprone-reserved-identifier,misc-include-cleaner)
