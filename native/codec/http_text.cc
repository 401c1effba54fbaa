#include "codec/http_text.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weft::codec {

namespace {

/// As many bytes of `text` from `at` on as a word has.
/// REQUIRES: they are in `text`.
template <typename Word>
Word wordAt(std::string_view text, std::size_t at) noexcept {
  Word word = 0;
  std::memcpy(&word, text.substr(at).data(), sizeof(Word));
  return word;
}

/// Its letters in lower case. Each byte's highest bit says what is true of it: the sums carry into
/// it and no further, as their bytes have it clear.
template <typename Word>
Word inLowerCase(Word word) noexcept {
  constexpr auto kOnes = static_cast<Word>(0x0101010101010101U);
  constexpr auto kHighs = static_cast<Word>(kOnes * 0x80U);
  const auto low = static_cast<Word>(word & static_cast<Word>(~kHighs));
  const auto fromA = static_cast<Word>(low + kOnes * (0x80U - 'A'));
  const auto behindZ = static_cast<Word>(low + kOnes * (0x7fU - 'Z'));
  const auto upper = static_cast<Word>(fromA & ~behindZ & ~word & kHighs);
  return static_cast<Word>(word | (upper >> 2U));
}

/// Words from the beginning, and one that ends where the text does, over bytes that were compared
/// already.
/// REQUIRES: as many bytes of both, a word or more.
template <typename Word>
bool equalsInWords(std::string_view text, std::string_view lower) noexcept {
  const std::size_t last = text.size() - sizeof(Word);
  for (std::size_t at = 0; at < last; at += sizeof(Word)) {
    if (inLowerCase(wordAt<Word>(text, at)) != wordAt<Word>(lower, at)) {
      return false;
    }
  }
  return inLowerCase(wordAt<Word>(text, last)) == wordAt<Word>(lower, last);
}

}  // namespace

bool equalsLower(std::string_view text, std::string_view lower) noexcept {
  if (text.size() != lower.size()) {
    return false;
  }
  if (text.size() >= sizeof(std::uint64_t)) {
    return equalsInWords<std::uint64_t>(text, lower);
  }
  if (text.size() >= sizeof(std::uint32_t)) {
    return equalsInWords<std::uint32_t>(text, lower);
  }
  if (text.size() >= sizeof(std::uint16_t)) {
    return equalsInWords<std::uint16_t>(text, lower);
  }
  return text.empty() || lowerCase(text.front()) == lower.front();
}

}  // namespace weft::codec
