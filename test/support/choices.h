// Choices: where a test that tries many ways takes its decisions from: a seed, or the input of a
// fuzzer.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/random.h"

namespace weft::test {

class Choices {
 public:
  virtual ~Choices() = default;

  /// 0 to bound - 1. REQUIRES: bound > 0.
  [[nodiscard]] virtual std::uint32_t below(std::uint32_t bound) = 0;

  /// Whether there is anything left to decide.
  [[nodiscard]] virtual bool more() = 0;

  [[nodiscard]] bool oneIn(std::uint32_t count) { return below(count) == 0; }

  template <typename T, std::size_t Size>
  [[nodiscard]] T oneOf(const T (&values)[Size]) {
    return values[below(Size)];
  }
};

class RandomChoices final : public Choices {
 public:
  RandomChoices(std::uint64_t seed, int count) : random_(seed), left_(count) {}

  [[nodiscard]] std::uint32_t below(std::uint32_t bound) override { return random_.below(bound); }

  [[nodiscard]] bool more() override { return left_-- > 0; }

 private:
  base::Random random_;
  int left_;
};

class FuzzChoices final : public Choices {
 public:
  explicit FuzzChoices(base::Bytes input) : input_(input) {}

  [[nodiscard]] std::uint32_t below(std::uint32_t bound) override {
    std::uint32_t value = take();
    if (bound > 256) {
      value = value * 256 + take();
    }
    return value % bound;
  }

  [[nodiscard]] bool more() override { return !input_.empty(); }

 private:
  [[nodiscard]] std::uint32_t take() {
    if (input_.empty()) {
      return 0;
    }
    const auto value = std::to_integer<std::uint32_t>(input_.front());
    input_ = input_.subspan(1);
    return value;
  }

  base::Bytes input_;
};

}  // namespace weft::test
