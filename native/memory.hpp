// Memory that a pass allocates piece by piece and releases as a whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

namespace unrolled {

class Arena {
 public:
  // Uninitialised numbers, aligned to a cache line and followed by at least one further cache line.
  template <class T>
  T* take(long n) {
    const std::size_t bytes = (std::size_t(n) * sizeof(T) + LINE + LINE - 1) / LINE * LINE;
    if (used_ + bytes > size()) grow(bytes);
    void* at = blocks_.back().get() + used_;
    used_ += bytes;
    return static_cast<T*>(at);
  }

  template <class T>
  T* zeros(long n) {
    T* at = take<T>(n);
    std::memset(static_cast<void*>(at), 0, std::size_t(n) * sizeof(T));
    return at;
  }

  // Release everything; later passes of the same size find their memory in one block.
  void reset() {
    if (blocks_.size() > 1) {
      std::size_t all = 0;
      for (std::size_t s : sizes_) all += s;
      blocks_.clear();
      sizes_.clear();
      add(all);
    }
    used_ = 0;
  }

 private:
  static constexpr std::size_t LINE = 64;

  struct Free {
    void operator()(std::byte* p) const { ::operator delete(p, std::align_val_t{LINE}); }
  };

  std::size_t size() const { return sizes_.empty() ? 0 : sizes_.back(); }

  void grow(std::size_t bytes) { add(bytes > 2 * size() ? bytes : 2 * size()); }

  void add(std::size_t bytes) {
    blocks_.reserve(blocks_.size() + 1);  // nothing after the allocation may fail
    sizes_.reserve(sizes_.size() + 1);
    blocks_.emplace_back(static_cast<std::byte*>(::operator new(bytes, std::align_val_t{LINE})));
    sizes_.push_back(bytes);
    used_ = 0;
  }

  std::vector<std::unique_ptr<std::byte, Free>> blocks_;
  std::vector<std::size_t> sizes_;
  std::size_t used_ = 0;
};

}  // namespace unrolled
