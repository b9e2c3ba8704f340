// Pointwise operations, reductions and neural operations.
#include <limits>

#include "shim.h"

using namespace shim;

ct_tensor ct_add(ct_ref a, ct_ref b) noexcept {
  return tensor([&] { return at::add(ref(a), ref(b)); });
}

ct_tensor ct_add_scalar(ct_ref a, double b) noexcept {
  return tensor([&] { return at::add(ref(a), b); });
}

ct_tensor ct_sub(ct_ref a, ct_ref b) noexcept {
  return tensor([&] { return at::sub(ref(a), ref(b)); });
}

ct_tensor ct_mul(ct_ref a, ct_ref b) noexcept {
  return tensor([&] { return at::mul(ref(a), ref(b)); });
}

ct_tensor ct_mul_scalar(ct_ref a, double b) noexcept {
  return tensor([&] { return at::mul(ref(a), b); });
}

ct_tensor ct_div(ct_ref a, ct_ref b) noexcept {
  return tensor([&] { return at::div(ref(a), ref(b)); });
}

ct_tensor ct_div_scalar(ct_ref a, double b) noexcept {
  return tensor([&] { return at::div(ref(a), b); });
}

ct_tensor ct_exp(ct_ref a) noexcept {
  return tensor([&] { return at::exp(ref(a)); });
}

ct_tensor ct_sqrt(ct_ref a) noexcept {
  return tensor([&] { return at::sqrt(ref(a)); });
}

ct_tensor ct_sign(ct_ref a) noexcept {
  return tensor([&] { return at::sign(ref(a)); });
}

ct_tensor ct_bucketize(ct_ref a, ct_ref boundaries) noexcept {
  return tensor([&] {
    return at::bucketize(ref(a), ref(boundaries), /*out_int32=*/true).to(at::kByte);
  });
}

ct_tensor ct_dot(ct_ref a, ct_ref b) noexcept {
  return tensor([&] { return at::dot(ref(a), ref(b)); });
}

ct_tensor ct_max_abs_last(ct_ref a) noexcept {
  return tensor([&] { return at::linalg_vector_norm(ref(a), INFINITY, at::IntArrayRef{-1}); });
}

ct_tensor ct_square(ct_ref a) noexcept {
  return tensor([&] { return at::square(ref(a)); });
}

ct_tensor ct_abs(ct_ref a) noexcept {
  return tensor([&] { return at::abs(ref(a)); });
}

ct_tensor ct_sin(ct_ref a) noexcept {
  return tensor([&] { return at::sin(ref(a)); });
}

ct_tensor ct_cos(ct_ref a) noexcept {
  return tensor([&] { return at::cos(ref(a)); });
}

ct_tensor ct_sigmoid(ct_ref a) noexcept {
  return tensor([&] { return at::sigmoid(ref(a)); });
}

ct_tensor ct_silu(ct_ref a) noexcept {
  return tensor([&] { return at::silu(ref(a)); });
}

ct_tensor ct_gelu(ct_ref a) noexcept {
  return tensor([&] { return at::gelu(ref(a)); });
}

ct_tensor ct_round(ct_ref a) noexcept {
  return tensor([&] { return at::round(ref(a)); });
}

ct_tensor ct_clamp(ct_ref a, double minimum, double maximum) noexcept {
  return tensor([&] { return at::clamp(ref(a), minimum, maximum); });
}

int ct_all_finite(ct_ref a) noexcept {
  return guard<int>(-1, [&] {
    wait_count++;
    read_count++;
    return at::isfinite(ref(a)).all().item<bool>() ? 1 : 0;
  });
}

ct_tensor ct_sum(ct_ref a) noexcept {
  return tensor([&] { return at::sum(ref(a)); });
}

ct_tensor ct_sum_axes(ct_ref a, const int64_t *axes, size_t count, bool keep) noexcept {
  return tensor([&] { return at::sum(ref(a), sizes(axes, count), keep); });
}

ct_tensor ct_mean(ct_ref a) noexcept {
  return tensor([&] { return at::mean(ref(a)); });
}

ct_tensor ct_mean_axes(ct_ref a, const int64_t *axes, size_t count, bool keep) noexcept {
  return tensor([&] { return at::mean(ref(a), sizes(axes, count), keep); });
}

ct_tensor ct_max(ct_ref a) noexcept {
  return tensor([&] { return at::max(ref(a)); });
}

ct_tensor ct_linear_onto(ct_ref base, ct_ref x, ct_ref weight, double scale) noexcept {
  return tensor([&] {
    auto rows = ref(x).reshape({-1, ref(x).size(-1)});
    auto flat = ref(base).reshape({-1, ref(base).size(-1)});
    return at::addmm(flat, rows, ref(weight).t(), 1, scale).reshape(ref(base).sizes());
  });
}

ct_tensor ct_matmul(ct_ref a, ct_ref b) noexcept {
  return tensor([&] { return at::matmul(ref(a), ref(b)); });
}

ct_tensor ct_group_norm(ct_ref x, int64_t groups, ct_ref weight, ct_ref bias, double eps) noexcept {
  return tensor(
      [&] { return at::group_norm(ref(x), groups, optional(weight), optional(bias), eps); });
}

ct_tensor ct_layer_norm(
    ct_ref x, const int64_t *shape, size_t dimensions, ct_ref weight, ct_ref bias,
    double eps) noexcept {
  return tensor([&] {
    return at::layer_norm(
        ref(x), sizes(shape, dimensions), optional(weight), optional(bias), eps);
  });
}

ct_tensor ct_embedding(ct_ref ids, ct_ref weight) noexcept {
  return tensor([&] { return at::embedding(ref(weight), ref(ids)); });
}

ct_tensor ct_upsample_nearest(ct_ref x, int64_t height, int64_t width) noexcept {
  return tensor(
      [&] { return at::upsample_nearest2d(ref(x), at::IntArrayRef({height, width})); });
}

ct_tensor ct_resize_bicubic(ct_ref x, int64_t height, int64_t width) noexcept {
  return tensor([&] {
    return at::_upsample_bicubic2d_aa(ref(x), at::IntArrayRef({height, width}), false);
  });
}
