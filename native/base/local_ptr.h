// LocalPtr: shared ownership within one thread: its count is a plain number, where that of
// std::shared_ptr is a word that processors take from each other. The pointee derives from
// LocalShared. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

namespace weft::base {

/// Not for owners of its own: made by makeLocal() only.
class LocalShared {
 public:
  LocalShared() noexcept = default;
  LocalShared(const LocalShared&) = delete;
  LocalShared& operator=(const LocalShared&) = delete;

 protected:
  ~LocalShared() = default;

 private:
  template <typename Value>
  friend class LocalPtr;

  std::uint32_t ownerCount_ = 0;
};

template <typename Value>
class LocalPtr {
 public:
  LocalPtr() noexcept = default;

  explicit LocalPtr(std::unique_ptr<Value> value) noexcept : value_(value.release()) { enter(); }

  LocalPtr(const LocalPtr& other) noexcept : value_(other.value_) { enter(); }

  LocalPtr(LocalPtr&& other) noexcept : value_(std::exchange(other.value_, nullptr)) {}

  LocalPtr& operator=(LocalPtr other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }

  ~LocalPtr() {
    if (value_ != nullptr) {
      leave();
    }
  }

  [[nodiscard]] Value* get() const noexcept { return value_; }

  [[nodiscard]] Value& operator*() const noexcept { return *value_; }

  [[nodiscard]] Value* operator->() const noexcept { return value_; }

  [[nodiscard]] explicit operator bool() const noexcept { return value_ != nullptr; }

 private:
  void leave() noexcept {
    if (--value_->ownerCount_ == 0) {
      std::default_delete<Value>{}(value_);
    }
  }

  void enter() noexcept {
    if (value_ != nullptr) {
      ++value_->ownerCount_;
    }
  }

  Value* value_ = nullptr;
};

}  // namespace weft::base
