// Tensors on their way from host memory to a device.
#include <ATen/DeviceAccelerator.h>
#include <ATen/core/CachingHostAllocator.h>
#include <c10/core/Event.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "shim.h"

using namespace shim;

namespace {

/// Copies host memory to a device through two buffers in turns. The buffers are pinned for a GPU, so
/// that one is filled while the other is transferred.
class Staging {
 public:
  Staging(at::Device device, int64_t capacity) : device_(device) {
    auto options = at::TensorOptions().dtype(at::kByte).pinned_memory(device.is_cuda());
    for (auto &slot : slots_) {
      slot.buffer = at::empty({capacity}, options);
      if (device.is_cuda()) slot.transferred.emplace(device.type());
    }
  }

  ~Staging() {
    status([&] {
      for (auto &slot : slots_) {
        slot.wait();
        slot.buffer.reset();
      }
      // libtorch keeps freed pinned memory, which later steps do not need.
      if (device_.is_cuda()) at::getHostAllocator(device_.type())->empty_cache();
    });
  }

  /// A copy of `source` in another type on the device.
  at::Tensor copy(const at::Tensor &source, at::ScalarType type) {
    auto result = at::empty(source.sizes(), at::TensorOptions().dtype(type).device(device_));
    auto from = source.contiguous().view(-1);
    auto to = result.view(-1);
    auto size = static_cast<int64_t>(result.element_size());
    auto room = std::max<int64_t>(slots_[0].buffer.numel() / size, 1);
    for (int64_t start = 0; start < from.numel(); start += room) {
      auto length = std::min(room, from.numel() - start);
      auto &slot = slots_[turn_++ % 2];
      slot.wait();
      auto staged = slot.buffer.narrow(0, 0, length * size).view(type);
      staged.copy_(from.narrow(0, start, length));
      to.narrow(0, start, length).copy_(staged, /*non_blocking=*/true);
      slot.record(device_);
    }
    return result;
  }

 private:
  struct Slot {
    at::Tensor buffer;
    std::optional<c10::Event> transferred;

    void wait() {
      if (transferred && transferred->was_marked_for_recording()) transferred->synchronize();
    }

    void record(at::Device device) {
      if (transferred) transferred->record(at::accelerator::getCurrentStream(device.index()));
    }
  };

  at::Device device_;
  Slot slots_[2];
  size_t turn_ = 0;
};

}  // namespace

int ct_transfer(
    size_t count, int32_t dtype, ct_device place, size_t staging, void *context,
    ct_tensor (*next)(void *, size_t), bool (*take)(void *, size_t, ct_tensor, bool)) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    auto target = device(place);
    std::optional<Staging> buffers;
    if (staging > 0) buffers.emplace(target, static_cast<int64_t>(staging));
    for (size_t i = 0; i < count; i++) {
      std::unique_ptr<at::Tensor> source(reinterpret_cast<at::Tensor *>(next(context, i)));
      if (!source) throw Failure();
      auto type =
          dtype < 0 ? source->scalar_type() : scalar_type(static_cast<ct_dtype>(dtype));
      auto made = buffers ? buffers->copy(*source, type) : source->to(target, type);
      bool is_copy = !made.is_alias_of(*source);
      source.reset();
      if (!take(context, i, own(std::move(made)), is_copy)) throw Failure();
    }
  });
}
