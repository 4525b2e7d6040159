// Philox4x64-10 as in randomness.py: a random word is a function of its place, so masks need no generator state.
// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <array>
#include <cstdint>

namespace unrolled {

struct Place {  // where in training a word is drawn
  std::uint64_t seed, epoch, batch;
};

class Words {
 public:
  Words(std::uint64_t purpose, Place place, std::uint64_t layer)
      : key_(place.seed), counter_{0, layer, place.epoch << 32 | place.batch, purpose} {}

  std::uint64_t operator[](std::uint64_t index) {
    const std::uint64_t block = index / 4 + 1;  // NumPy advances the counter before it draws
    if (block != counter_[0]) {
      counter_[0] = block;
      draw();
    }
    return words_[index % 4];
  }

 private:
  void draw() {
    std::array<std::uint64_t, 4> c = counter_;
    std::uint64_t key0 = key_, key1 = 0;
    for (int round = 0; round < 10; ++round) {
      const auto a = static_cast<unsigned __int128>(0xD2E7470EE14C6C93u) * c[0];
      const auto b = static_cast<unsigned __int128>(0xCA5A826395121157u) * c[2];
      using Word = std::uint64_t;
      c = {Word(b >> 64) ^ c[1] ^ key0, Word(b), Word(a >> 64) ^ c[3] ^ key1, Word(a)};
      key0 += 0x9E3779B97F4A7C15u;
      key1 += 0xBB67AE8584CAA73Bu;
    }
    words_ = c;
  }

  std::uint64_t key_;
  std::array<std::uint64_t, 4> counter_;
  std::array<std::uint64_t, 4> words_{};
};

}  // namespace unrolled
