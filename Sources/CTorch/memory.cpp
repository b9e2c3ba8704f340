// The memory of tensors on the CPU.
#include <c10/core/CPUAllocator.h>
#include <malloc.h>

#include <algorithm>

#include "shim.h"

using namespace shim;

namespace {

/// Bytes that this thread has allocated, less those that it has freed.
thread_local int64_t thread_now = 0, thread_peak = 0;

void add(int64_t bytes) {
  thread_now += bytes;
  thread_peak = std::max(thread_peak, thread_now);
}

/// libtorch's allocator, with counts of what it returns and takes back.
struct CountingAllocator : at::Allocator {
  at::Allocator *const inner = c10::GetDefaultCPUAllocator();

  at::DataPtr allocate(size_t size) override {
    auto data = inner->allocate(size);
    TORCH_CHECK(
        data.compare_exchange_deleter(inner->raw_deleter(), &release),
        "libtorch's allocator frees memory in an unknown way");
    add(static_cast<int64_t>(malloc_usable_size(data.get())));
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

int ct_thread_memory(int64_t *now, int64_t *peak) noexcept {
  return status([&] {
    *now = thread_now;
    *peak = thread_peak;
    thread_peak = thread_now;
  });
}

int ct_trim_memory(void) noexcept {
  return status([] { malloc_trim(0); });
}
