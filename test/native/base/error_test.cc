// Errors: how an errno of a socket call is classified, and that each code has a name of its own.
#include "base/error.h"

#include <cerrno>
#include <set>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>

namespace weft::base {
namespace {

struct Classified {
  int sysErrno;
  ErrorCode code;
};

class ErrnoTest : public testing::TestWithParam<Classified> {};

TEST_P(ErrnoTest, IsClassifiedAndKept) {
  const Error error = errorFromErrno(GetParam().sysErrno, Side::Upstream, "cannot connect");
  EXPECT_EQ(error.code, GetParam().code);
  EXPECT_EQ(error.sysErrno, GetParam().sysErrno);
  EXPECT_EQ(error.side, Side::Upstream);
  EXPECT_EQ(error.retry, Retry::Never);
  EXPECT_STREQ(error.text, "cannot connect");
}

INSTANTIATE_TEST_SUITE_P(
    Errnos, ErrnoTest,
    testing::Values(
        Classified{ECONNREFUSED, ErrorCode::Refused}, Classified{ENOENT, ErrorCode::Refused},
        Classified{ECONNRESET, ErrorCode::Reset}, Classified{EPIPE, ErrorCode::Reset},
        Classified{ECONNABORTED, ErrorCode::Reset}, Classified{ETIMEDOUT, ErrorCode::Lost},
        Classified{EHOSTUNREACH, ErrorCode::Unreachable},
        Classified{ENETUNREACH, ErrorCode::Unreachable},
        Classified{ENETDOWN, ErrorCode::Unreachable}, Classified{EHOSTDOWN, ErrorCode::Unreachable},
        Classified{EMFILE, ErrorCode::Exhausted}, Classified{ENFILE, ErrorCode::Exhausted},
        Classified{ENOMEM, ErrorCode::Exhausted}, Classified{ENOBUFS, ErrorCode::Exhausted},
        Classified{ENOSPC, ErrorCode::Exhausted}, Classified{EAGAIN, ErrorCode::Exhausted},
        Classified{EACCES, ErrorCode::Permission}, Classified{EPERM, ErrorCode::Permission},
        Classified{EADDRINUSE, ErrorCode::InUse}, Classified{EADDRNOTAVAIL, ErrorCode::BadAddress},
        Classified{EAFNOSUPPORT, ErrorCode::BadAddress},
        Classified{ENAMETOOLONG, ErrorCode::BadAddress}, Classified{ENOTDIR, ErrorCode::BadAddress},
        Classified{EINVAL, ErrorCode::InvalidArgument}, Classified{EIO, ErrorCode::System},
        Classified{0, ErrorCode::System}));

TEST(ErrorTest, HasANameOfItsOwnForEachCode) {
  std::set<std::string> names;
  const int last = static_cast<int>(ErrorCode::System);
  for (int code = 0; code <= last; ++code) {
    names.insert(errorCodeName(static_cast<ErrorCode>(code)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(last) + 1);
  EXPECT_FALSE(names.contains(""));
}

TEST(ErrorTest, IsCopiedWithoutCost) {
  static_assert(std::is_trivially_copyable_v<Error>);
  static_assert(sizeof(Error) == 16);
  EXPECT_STREQ(Error{}.text, "");
}

}  // namespace
}  // namespace weft::base
