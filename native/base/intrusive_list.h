// A doubly linked list whose links live in the elements: no allocation, removal without a search,
// an element that dies leaves its list by itself. The list does not own its elements. One thread.
#pragma once

#include "base/assert.h"

namespace weft::base {

/// Base class of what can be in a list. `Tag` tells apart the several lists an object may be in.
template <typename Tag>
class ListNode {
 public:
  ListNode() = default;

  ~ListNode() { unlink(); }

  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;

  [[nodiscard]] bool linked() const noexcept { return next_ != nullptr; }

  void unlink() noexcept {
    if (next_ != nullptr) {
      previous_->next_ = next_;
      next_->previous_ = previous_;
      next_ = nullptr;
      previous_ = nullptr;
    }
  }

 private:
  template <typename T, typename OtherTag>
  friend class IntrusiveList;

  ListNode* next_ = nullptr;
  ListNode* previous_ = nullptr;
};

template <typename T, typename Tag>
class IntrusiveList {
 public:
  using Node = ListNode<Tag>;

  IntrusiveList() noexcept { reset(); }

  ~IntrusiveList() {
    while (!empty()) {
      root_.next_->unlink();
    }
    root_.next_ = nullptr;
  }

  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  [[nodiscard]] bool empty() const noexcept { return root_.next_ == &root_; }

  /// REQUIRES: the element is in no list of this tag.
  void pushBack(T& element) noexcept {
    Node& node = element;
    WEFT_ASSERT(!node.linked());
    node.previous_ = root_.previous_;
    node.next_ = &root_;
    root_.previous_->next_ = &node;
    root_.previous_ = &node;
  }

  /// Null when empty.
  [[nodiscard]] T* back() noexcept { return empty() ? nullptr : static_cast<T*>(root_.previous_); }

  /// Null when empty.
  [[nodiscard]] T* front() noexcept { return empty() ? nullptr : static_cast<T*>(root_.next_); }

  /// The element after `element`, null at the end.
  [[nodiscard]] T* next(T& element) noexcept {
    Node& node = element;
    return node.next_ == &root_ ? nullptr : static_cast<T*>(node.next_);
  }

  /// The element before `element`, null at the beginning.
  [[nodiscard]] T* previous(T& element) noexcept {
    Node& node = element;
    return node.previous_ == &root_ ? nullptr : static_cast<T*>(node.previous_);
  }

  /// Null when empty; the element has left the list.
  T* popFront() noexcept {
    T* element = front();
    if (element != nullptr) {
      static_cast<Node*>(element)->unlink();
    }
    return element;
  }

  /// Moves all elements of `other` behind ours.
  void takeAll(IntrusiveList& other) noexcept {
    if (other.empty()) {
      return;
    }
    root_.previous_->next_ = other.root_.next_;
    other.root_.next_->previous_ = root_.previous_;
    root_.previous_ = other.root_.previous_;
    other.root_.previous_->next_ = &root_;
    other.reset();
  }

 private:
  void reset() noexcept {
    root_.next_ = &root_;
    root_.previous_ = &root_;
  }

  Node root_;
};

}  // namespace weft::base
