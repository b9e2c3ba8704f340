// Tensors that wait in host memory until a device needs them.
#include <ATen/DeviceAccelerator.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <deque>
#include <mutex>
#include <unordered_map>

#include "graph.h"
#include "shim.h"

using namespace shim;

namespace {

/// A moment of a device's work, before the first use of fetched memory.
struct Use {
  c10::Event before;
  int64_t bytes;
};

/// The transfers to one device, which have a stream of their own.
struct Transfers {
  c10::Stream stream;
  /// The end of each transfer that nobody has awaited, by the tensor's memory.
  std::unordered_map<const void *, c10::Event> ends;
  /// What the device will use, in order, and its bytes.
  std::deque<Use> uses;
  int64_t bytes = 0;
};

/// The most bytes that the host fetches ahead of the device. The memory of a fetched tensor is free only
/// when the device has used it, so a host that is far ahead would take more and more.
constexpr int64_t most_ahead = 256 << 20;

std::mutex lock;

Transfers &transfers(at::Device device) {
  static auto *const all = new std::unordered_map<c10::DeviceIndex, Transfers>();
  auto found = all->find(device.index());
  if (found == all->end()) {
    c10::impl::VirtualGuardImpl guard(device.type());
    found = all->emplace(device.index(), Transfers{guard.getStreamFromGlobalPool(device), {}, {}}).first;
  }
  return found->second;
}

}  // namespace

ct_tensor ct_fetch(ct_ref a, ct_device place) noexcept {
  return tensor([&] {
    at::NoGradGuard no_grad;
    auto target = device(place);
    if (target.is_cpu()) return ref(a).clone();
    if (has_failed_capture()) return ref(a).to(target, /*non_blocking=*/true);
    std::lock_guard<std::mutex> locked(lock);
    auto &queue = transfers(target);
    c10::StreamGuard guard(queue.stream);
    auto copy = ref(a).to(target, /*non_blocking=*/true);
    c10::Event end(target.type());
    end.record(queue.stream);
    queue.ends.insert_or_assign(copy.const_data_ptr(), std::move(end));
    return copy;
  });
}

int ct_await_fetch(ct_ref a) noexcept {
  return status([&] {
    const auto &copy = ref(a);
    if (copy.is_cpu()) return;
    std::lock_guard<std::mutex> locked(lock);
    auto &queue = transfers(copy.device());
    auto end = queue.ends.find(copy.const_data_ptr());
    if (end == queue.ends.end()) return;
    auto stream = at::accelerator::getCurrentStream(copy.device().index());
    end->second.block(stream);
    queue.ends.erase(end);
    queue.uses.push_back({c10::Event(copy.device().type()), static_cast<int64_t>(copy.nbytes())});
    queue.uses.back().before.record(stream);
    queue.bytes += queue.uses.back().bytes;
    while (queue.bytes > most_ahead && queue.uses.size() > 1) {
      queue.uses.front().before.synchronize();
      queue.bytes -= queue.uses.front().bytes;
      queue.uses.pop_front();
    }
    // Its memory comes from the other stream, and is free only when this one is done with it.
    copy.record_stream(stream);
  });
}

ct_tensor ct_pinned(ct_ref a) noexcept {
  return tensor([&] { return ref(a).pin_memory(); });
}
