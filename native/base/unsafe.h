// The one pair of macros behind which a span may be made from a pointer and a length that the
// kernel or another library gave. test/tidy.test.ts lists the files that may use it and counts the
// uses.
#pragma once

#ifdef __clang__
#define WEFT_UNSAFE_BEGIN(reason) \
  _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wunsafe-buffer-usage\"")
#define WEFT_UNSAFE_END _Pragma("clang diagnostic pop")
#else
#define WEFT_UNSAFE_BEGIN(reason)
#define WEFT_UNSAFE_END
#endif
