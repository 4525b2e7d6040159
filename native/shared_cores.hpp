// The number of threads of a training while other processes compete for the cores.
//
// Threads that divide the steps of a recurrent network wait for each other thousands of times a second. If one of them
// has to share its core, all wait for it, so that fewer threads may be faster. Bits do not depend on the number.
#pragma once

#include <omp.h>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/resource.h>
#endif

#include <algorithm>
#include <chrono>

namespace unrolled {

// Times of 20 ms of work show whether the operating system took cores away; only then another number is tried, and
// kept where it is faster.
class SharedCores {
 public:
  // The limit of the calling thread, for its next parallel regions, until the object is destroyed.
  class Limit {
   public:
    explicit Limit(int threads) : before_(omp_get_max_threads()) {
      if (threads != before_) omp_set_num_threads(threads);
    }
    ~Limit() { omp_set_num_threads(before_); }
    Limit(const Limit&) = delete;
    Limit& operator=(const Limit&) = delete;

   private:
    int before_;
  };

  // Before some work, with the most threads that it may have: the number that it should have.
  int begin(int most) {
    if (most != most_) {
      *this = SharedCores();
      most_ = threads_ = most;
    }
    began_ = Clock::now();
    if (seconds_ == 0) preemptions_before_ = preemptions();
    return threads_;
  }

  // After the work, of a size in any unit.
  void end(double work) {
    if (most_ == 1) return;
    seconds_ += std::chrono::duration<double>(Clock::now() - began_).count();
    work_ += work;
    if (seconds_ < WINDOW) return;
    const bool crowded = preemptions() - preemptions_before_ >= MIN_PREEMPTIONS * seconds_;
    decide(work_ / seconds_, crowded);
    seconds_ = work_ = 0;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr double WINDOW = 0.02;           // seconds
  static constexpr double MIN_PREEMPTIONS = 100;   // a second; schedulers switch between processes every 3 to 10 ms
  static constexpr double MIN_GAIN = 1.05;
  static constexpr int FIRST_PAUSE = 4, LONGEST_PAUSE = 64;  // windows between two trials

  void decide(double speed, bool crowded) {
    if (before_trial_) {
      const bool better = speed > MIN_GAIN * speed_before_;
      if (!better) threads_ = before_trial_;
      pause_ = better ? FIRST_PAUSE : std::min(2 * pause_, LONGEST_PAUSE);
      wait_ = pause_;
      before_trial_ = 0;
      return;
    }
    if (wait_ > 0) --wait_;
    if (wait_ > 0 || (threads_ == most_ && !crowded)) return;
    fewer_ = threads_ == most_ || (threads_ > 1 && crowded && !fewer_);
    speed_before_ = speed;
    before_trial_ = threads_;
    threads_ = fewer_ ? threads_ / 2 : std::min(2 * threads_, most_);
  }

  static long preemptions() {  // of this process so far
#if defined(__unix__) || defined(__APPLE__)
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0) return usage.ru_nivcsw;
#endif
    return 0;
  }

  int most_ = 0, threads_ = 0;
  int before_trial_ = 0;  // 0: no trial
  bool fewer_ = false;    // the last trial
  int pause_ = FIRST_PAUSE, wait_ = 0;
  double speed_before_ = 0, seconds_ = 0, work_ = 0;
  long preemptions_before_ = 0;
  Clock::time_point began_;
};

}  // namespace unrolled
