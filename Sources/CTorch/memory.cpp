// The memory of tensors on the CPU.
#include <c10/core/CPUAllocator.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>

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

/// Who pays for memory, and how much.
struct Entry {
  Account *account;
  int64_t bytes;
};

/// The counted memory by its address, in parts with a lock each. Memory that is not in it is older than
/// the count: oneDNN frees its own through the present allocator, whichever it came from.
class Ledger {
 public:
  void enter(void *data, Account &account, int64_t bytes) {
    account.add(bytes);
    auto &part = part_of(data);
    std::lock_guard<std::mutex> locked(part.lock);
    part.entries.insert_or_assign(data, Entry{&account, bytes});
  }

  void remove(void *data) {
    auto &part = part_of(data);
    std::lock_guard<std::mutex> locked(part.lock);
    auto found = part.entries.find(data);
    if (found == part.entries.end()) return;
    found->second.account->now -= found->second.bytes;
    part.entries.erase(found);
  }

 private:
  struct Part {
    std::mutex lock;
    std::unordered_map<void *, Entry> entries;
  };

  Part parts_[16];

  /// libtorch's addresses are multiples of 64.
  Part &part_of(void *data) { return parts_[reinterpret_cast<uintptr_t>(data) / 64 % 16]; }
};

/// libtorch's allocator, with counts of what it returns and takes back.
struct CountingAllocator : at::Allocator {
  at::Allocator *const inner = c10::GetDefaultCPUAllocator();
  Ledger ledger;

  at::DataPtr allocate(size_t size) override {
    auto &payer = account();
    auto wanted = payer.now + static_cast<int64_t>(size);
    TORCH_CHECK_WITH(
        OutOfMemoryError, payer.limit == 0 || wanted <= payer.limit, "out of memory: ",
        wanted >> 20, " MiB of tensors are more than the ", payer.limit >> 20,
        " MiB that `memory` allows");
    auto data = inner->allocate(size);
    TORCH_CHECK(
        data.compare_exchange_deleter(inner->raw_deleter(), &release),
        "libtorch's allocator frees memory in an unknown way");
    if (data.get()) {
      ledger.enter(data.get(), payer, static_cast<int64_t>(malloc_usable_size(data.get())));
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
  allocator()->ledger.remove(data);
  allocator()->inner->raw_deleter()(data);
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
