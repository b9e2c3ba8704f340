// The memory of tensors on the CPU.
#include <c10/core/CPUAllocator.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>

#include "shim.h"

using namespace shim;

namespace {

/// What a thread has allocated, less what was freed of it on any thread. It is never deleted, because
/// tensors outlive threads.
struct Account {
  std::atomic<int64_t> now{0};
  int64_t peak = 0;
  /// The most that the thread may have; 0 for no limit.
  int64_t limit = 0;

  void add(int64_t bytes) { peak = std::max(peak, now += bytes); }
};

Account &account() {
  thread_local auto *const own = new Account();
  return *own;
}

/// What stands in front of a tensor's memory: who pays for it, and how much.
struct alignas(c10::gAlignment) Header {
  Account &account;
  int64_t bytes;
};

/// libtorch's allocator, with counts of what it returns and takes back.
struct CountingAllocator : at::Allocator {
  at::Allocator *const inner = c10::GetDefaultCPUAllocator();

  at::DataPtr allocate(size_t size) override {
    auto &payer = account();
    auto wanted = payer.now + static_cast<int64_t>(size);
    TORCH_CHECK_WITH(
        OutOfMemoryError, payer.limit == 0 || wanted <= payer.limit, "out of memory: ",
        wanted >> 20, " MiB of tensors are more than the ", payer.limit >> 20,
        " MiB that `memory` allows");
    auto *memory = inner->raw_allocate(sizeof(Header) + size);
    auto bytes = static_cast<int64_t>(malloc_usable_size(memory));
    payer.add(bytes);
    auto *data = static_cast<char *>(memory) + sizeof(Header);
    new (memory) Header{payer, bytes};
    return {data, data, &release, at::Device(at::kCPU)};
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
  if (!data) return;
  auto *memory = static_cast<char *>(data) - sizeof(Header);
  auto *header = reinterpret_cast<Header *>(memory);
  header->account.now -= header->bytes;
  allocator()->inner->raw_deallocate(memory);
}

}  // namespace

int ct_count_memory(void) noexcept {
  return status([] { c10::SetCPUAllocator(allocator(), /*priority=*/1); });
}

int ct_thread_memory(int64_t *now, int64_t *peak) noexcept {
  return status([&] {
    auto &own = account();
    *now = own.now;
    *peak = own.peak;
    own.peak = own.now;
  });
}

int ct_limit_thread_memory(int64_t bytes) noexcept {
  return status([&] { account().limit = bytes; });
}

int ct_trim_memory(void) noexcept {
  return status([] { malloc_trim(0); });
}
