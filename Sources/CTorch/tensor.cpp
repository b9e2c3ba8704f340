// Lifetime, metadata, creation, bytes, types and devices.
#include <cstring>
#include <memory>

#include "shim.h"

using namespace shim;

namespace shim {

at::ScalarType scalar_type(ct_dtype dtype) {
  switch (dtype) {
    case CT_FLOAT32: return at::kFloat;
    case CT_FLOAT64: return at::kDouble;
    case CT_FLOAT16: return at::kHalf;
    case CT_BFLOAT16: return at::kBFloat16;
    case CT_INT64: return at::kLong;
    case CT_INT32: return at::kInt;
    case CT_INT16: return at::kShort;
    case CT_INT8: return at::kChar;
    case CT_UINT8: return at::kByte;
    case CT_BOOL: return at::kBool;
  }
  TORCH_CHECK(false, "no element type has the number ", static_cast<int>(dtype));
}

at::Device device(ct_device device) {
  if (device.index < 0) return at::Device(at::kCPU);
  auto count = ct_cuda_count();
  TORCH_CHECK(
      device.index < count, "There is no device cuda:", device.index, ": libtorch finds ", count,
      " CUDA devices");
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device.index));
}

std::vector<at::Tensor> list(const ct_ref *tensors, size_t count) {
  std::vector<at::Tensor> result;
  result.reserve(count);
  for (size_t i = 0; i < count; i++) result.push_back(ref(tensors[i]));
  return result;
}

}  // namespace shim

void ct_free(ct_tensor tensor) noexcept {
  status([&] { delete reinterpret_cast<at::Tensor *>(tensor); });
}

ct_tensor ct_alias(ct_ref a) noexcept {
  return tensor([&] { return ref(a); });
}

int64_t ct_dimensions(ct_ref tensor) noexcept {
  return guard<int64_t>(-1, [&] { return ref(tensor).dim(); });
}

int ct_shape(ct_ref tensor, int64_t *shape) noexcept {
  return status([&] {
    auto sizes = ref(tensor).sizes();
    std::copy(sizes.begin(), sizes.end(), shape);
  });
}

int64_t ct_count(ct_ref tensor) noexcept {
  return guard<int64_t>(-1, [&] { return ref(tensor).numel(); });
}

int32_t ct_dtype_of(ct_ref tensor) noexcept {
  return guard<int32_t>(-1, [&] {
    auto type = ref(tensor).scalar_type();
    for (int32_t dtype = CT_FLOAT32; dtype <= CT_BOOL; dtype++) {
      if (scalar_type(static_cast<ct_dtype>(dtype)) == type) return dtype;
    }
    return -1;
  });
}

int ct_device_of(ct_ref tensor, ct_device *device) noexcept {
  return status([&] {
    auto place = ref(tensor).device();
    device->index = place.is_cpu() ? -1 : static_cast<int32_t>(place.index());
  });
}

ct_tensor ct_full(
    const int64_t *shape, size_t dimensions, double value, ct_dtype dtype,
    ct_device place) noexcept {
  return tensor([&] {
    auto options = at::TensorOptions().dtype(scalar_type(dtype)).device(device(place));
    return at::full(sizes(shape, dimensions), value, options);
  });
}

ct_tensor ct_empty(
    const int64_t *shape, size_t dimensions, ct_dtype dtype, ct_device place) noexcept {
  return tensor([&] {
    auto options = at::TensorOptions().dtype(scalar_type(dtype)).device(device(place));
    return at::empty(sizes(shape, dimensions), options);
  });
}

int ct_zero(ct_tensor a) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    mut(a).zero_();
  });
}

ct_tensor ct_arange(double start, double end, double step, ct_dtype dtype) noexcept {
  return tensor([&] {
    return at::arange(start, end, step, at::TensorOptions().dtype(scalar_type(dtype)));
  });
}

ct_tensor ct_from_bytes(
    const void *bytes, size_t count, const int64_t *shape, size_t dimensions,
    ct_dtype dtype) noexcept {
  return tensor([&] {
    auto options = at::TensorOptions().dtype(scalar_type(dtype));
    auto result = at::empty(sizes(shape, dimensions), options);
    TORCH_CHECK(
        result.nbytes() == count, "a tensor of ", result.nbytes(), " bytes was given ", count);
    if (count > 0) std::memcpy(result.mutable_data_ptr(), bytes, count);
    return result;
  });
}

ct_tensor ct_from_memory(
    const void *memory, const int64_t *shape, size_t dimensions, ct_dtype dtype, void *owner,
    void (*release)(void *)) noexcept {
  return tensor([&] {
    std::shared_ptr<void> kept(owner, release);
    auto options = at::TensorOptions().dtype(scalar_type(dtype));
    return at::from_blob(
        const_cast<void *>(memory), sizes(shape, dimensions), [kept](void *) {}, options);
  });
}

int ct_copy_bytes(ct_ref tensor, void *bytes, size_t capacity) noexcept {
  return status([&] {
    wait_count++;
    read_count++;
    auto source = ref(tensor).detach().to(at::kCPU).contiguous();
    TORCH_CHECK(
        source.nbytes() == capacity, "a buffer of ", capacity, " bytes was given for ",
        source.nbytes());
    if (capacity > 0) std::memcpy(bytes, source.const_data_ptr(), capacity);
  });
}

int ct_copy(ct_tensor destination, ct_ref source) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    if (ref(source).is_cpu()) wait_count++;
    mut(destination).copy_(ref(source));
  });
}

ct_tensor ct_to_dtype(ct_ref a, ct_dtype dtype) noexcept {
  return tensor([&] { return ref(a).to(scalar_type(dtype)); });
}

ct_tensor ct_to_device(ct_ref a, ct_device place) noexcept {
  return tensor([&] {
    if (ref(a).is_cpu()) wait_count++;
    return ref(a).to(device(place));
  });
}
