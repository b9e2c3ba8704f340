// Views and rearrangements.
#include <memory>

#include "shim.h"

using namespace shim;

ct_tensor ct_reshape(ct_ref a, const int64_t *shape, size_t dimensions) noexcept {
  return tensor([&] { return ref(a).reshape(sizes(shape, dimensions)); });
}

ct_tensor ct_permute(ct_ref a, const int64_t *order, size_t dimensions) noexcept {
  return tensor([&] { return ref(a).permute(sizes(order, dimensions)); });
}

ct_tensor ct_transpose(ct_ref a, int64_t first, int64_t second) noexcept {
  return tensor([&] { return ref(a).transpose(first, second); });
}

ct_tensor ct_narrow(ct_ref a, int64_t dimension, int64_t start, int64_t length) noexcept {
  return tensor([&] { return ref(a).narrow(dimension, start, length); });
}

ct_tensor ct_select(ct_ref a, int64_t dimension, int64_t index) noexcept {
  return tensor([&] { return ref(a).select(dimension, index); });
}

ct_tensor ct_index_select(ct_ref a, int64_t dimension, ct_ref index) noexcept {
  return tensor([&] { return ref(a).index_select(dimension, ref(index)); });
}

ct_tensor ct_unsqueeze(ct_ref a, int64_t dimension) noexcept {
  return tensor([&] { return ref(a).unsqueeze(dimension); });
}

ct_tensor ct_expand(ct_ref a, const int64_t *shape, size_t dimensions) noexcept {
  return tensor([&] { return ref(a).expand(sizes(shape, dimensions)); });
}

int ct_split(
    ct_ref a, const int64_t *lengths, size_t count, int64_t dimension, ct_tensor *parts) noexcept {
  return status([&] {
    auto views = ref(a).split_with_sizes(sizes(lengths, count), dimension);
    // Handles are handed out only after everything that can fail, so that none is lost.
    std::vector<std::unique_ptr<at::Tensor>> made;
    for (auto &view : views) made.push_back(std::make_unique<at::Tensor>(std::move(view)));
    for (size_t i = 0; i < count; i++) parts[i] = reinterpret_cast<ct_tensor>(made[i].release());
  });
}

ct_tensor ct_cat(const ct_ref *tensors, size_t count, int64_t dimension) noexcept {
  return tensor([&] { return at::cat(list(tensors, count), dimension); });
}

ct_tensor ct_channels_last(ct_ref a) noexcept {
  return tensor([&] { return ref(a).contiguous(at::MemoryFormat::ChannelsLast); });
}

ct_tensor ct_pad(ct_ref a, const int64_t *padding, size_t count, double value) noexcept {
  return tensor([&] { return at::constant_pad_nd(ref(a), sizes(padding, count), value); });
}
