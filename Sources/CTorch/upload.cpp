// Transfers between host memory and devices.
#include <ATen/Context.h>

#include <cstring>

#include "shim.h"

using namespace shim;

namespace shim {

thread_local int64_t wait_count = 0;
thread_local int64_t read_count = 0;

}  // namespace shim

namespace {

/// The alignment that libtorch's own allocators give.
constexpr int64_t alignment = 64;

int64_t padded(const at::Tensor &tensor) {
  return (static_cast<int64_t>(tensor.nbytes()) + alignment - 1) / alignment * alignment;
}

}  // namespace

int64_t ct_upload_size(const ct_ref *tensors, size_t count) noexcept {
  return guard<int64_t>(-1, [&] {
    int64_t bytes = 0;
    for (size_t i = 0; i < count; i++) bytes += padded(ref(tensors[i]));
    return bytes;
  });
}

int ct_upload_views(
    ct_ref memory, const ct_ref *tensors, size_t count, ct_tensor *views) noexcept {
  return status([&] {
    int64_t offset = 0;
    std::vector<at::Tensor> made;
    for (const auto &like : list(tensors, count)) {
      auto part = ref(memory).narrow(0, offset, static_cast<int64_t>(like.nbytes()));
      made.push_back(part.view(like.scalar_type()).view(like.sizes()));
      offset += padded(like);
    }
    // Handles are handed out only after everything that can fail, so that none is lost.
    for (size_t i = 0; i < count; i++) views[i] = own(std::move(made[i]));
  });
}

int ct_upload(ct_tensor memory, const ct_ref *tensors, size_t count) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    auto &target = mut(memory);
    // The allocator of pinned memory reuses a block only when copies from it have ended.
    auto pinned = at::TensorOptions().dtype(at::kByte).pinned_memory(true);
    auto staging = target.is_cpu() ? target : at::empty(target.sizes(), pinned);
    auto *bytes = static_cast<char *>(staging.mutable_data_ptr());
    for (size_t i = 0; i < count; i++) {
      TORCH_CHECK(ref(tensors[i]).is_cpu(), "only CPU tensors can be uploaded");
      auto source = ref(tensors[i]).contiguous();
      if (source.nbytes() > 0) std::memcpy(bytes, source.const_data_ptr(), source.nbytes());
      bytes += padded(source);
    }
    if (!target.is_cpu()) target.copy_(staging, /*non_blocking=*/true);
  });
}

int64_t ct_wait_count(void) noexcept {
  return guard<int64_t>(-1, [] { return wait_count; });
}
