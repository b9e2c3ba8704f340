// The memory of tensors on the CPU: counted, and limited if asked.
#include <c10/core/CPUAllocator.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>

#include "shim.h"

using namespace shim;

namespace {

struct Counts {
  std::atomic<int64_t> now{0}, peak{0}, limit{INT64_MAX};
} counts;

/// Bytes that this thread has allocated, less those that it has freed.
thread_local int64_t thread_now = 0, thread_peak = 0;

void add(int64_t bytes) {
  thread_now += bytes;
  thread_peak = std::max(thread_peak, thread_now);
  auto now = counts.now += bytes;
  auto peak = counts.peak.load();
  while (now > peak && !counts.peak.compare_exchange_weak(peak, now)) {
  }
}

/// libtorch's allocator, with counts of what it returns and takes back.
struct CountingAllocator : at::Allocator {
  at::Allocator *const inner = c10::GetDefaultCPUAllocator();

  at::DataPtr allocate(size_t size) override {
    auto after = counts.now + static_cast<int64_t>(size);
    TORCH_CHECK_WITH(
        OutOfMemoryError, after <= counts.limit, "Tensors would take ", after,
        " bytes of memory, and the limit is ", counts.limit.load(), " bytes");
    auto data = inner->allocate(size);
    add(static_cast<int64_t>(malloc_usable_size(data.get())));
    if (!data.compare_exchange_deleter(inner->raw_deleter(), &release)) {
      TORCH_CHECK(false, "libtorch's allocator frees memory in an unknown way");
    }
    return data;
  }

  at::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void *target, const void *source, std::size_t size) const override {
    inner->copy_data(target, source, size);
  }

  static void release(void *data);
};

CountingAllocator *allocator() {
  // libtorch keeps the pointer to the end.
  static auto *const only = new CountingAllocator();
  return only;
}

void CountingAllocator::release(void *data) {
  add(-static_cast<int64_t>(malloc_usable_size(data)));
  allocator()->inner->raw_deleter()(data);
}

}  // namespace

int ct_count_memory(void) noexcept {
  return status([] { c10::SetCPUAllocator(allocator(), /*priority=*/1); });
}

int ct_cpu_memory(int64_t *now, int64_t *peak) noexcept {
  return status([&] {
    *now = counts.now;
    *peak = counts.peak;
  });
}

int ct_reset_cpu_peak(void) noexcept {
  return status([] { counts.peak = counts.now.load(); });
}

int ct_limit_cpu_memory(int64_t bytes) noexcept {
  return status([&] { counts.limit = bytes; });
}

int ct_thread_memory(int64_t *now, int64_t *peak) noexcept {
  return status([&] {
    *now = thread_now;
    *peak = thread_peak;
    thread_peak = thread_now;
  });
}
