// Weights in 8 bits, with one scale for each block of numbers.
#include <algorithm>

#include "shim.h"

using namespace shim;

namespace {

/// The largest numbers of both formats.
constexpr double largest_int8 = 127, largest_float8 = 448;

/// Blocks that are rounded at a time.
constexpr int64_t piece = 8192;

}  // namespace

int ct_quantize(
    ct_ref weight, bool floating, ct_dtype scale, int64_t block, ct_tensor *values,
    ct_tensor *scales) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    auto blocks = ref(weight).reshape({-1, block});
    auto largest = floating ? largest_float8 : largest_int8;
    auto bits = at::empty(blocks.sizes(), blocks.options().dtype(floating ? at::kByte : at::kChar));
    auto factors = at::empty({blocks.size(0), 1}, blocks.options().dtype(scalar_type(scale)));
    // In pieces of one size, so that the numbers in float32 take little memory.
    for (int64_t start = 0; start < blocks.size(0); start += piece) {
      auto length = std::min(piece, blocks.size(0) - start);
      auto part = blocks.narrow(0, start, length).to(at::kFloat);
      auto factor = factors.narrow(0, start, length);
      // Rounded first, so that the values make up for it. A block of zeros has no scale of its own.
      factor.copy_(part.abs().amax({1}, /*keepdim=*/true).div_(largest));
      factor.masked_fill_(factor == 0, 1);
      auto numbers = part.div(factor.to(at::kFloat)).clamp_(-largest, largest);
      auto target = bits.narrow(0, start, length);
      if (floating) {
        target.copy_(numbers.to(at::kFloat8_e4m3fn).view(at::kByte));
      } else {
        target.copy_(numbers.round_());
      }
    }
    auto shaped = bits.view(ref(weight).sizes());
    *values = own(std::move(shaped));
    *scales = own(factors.view(-1));
  });
}

ct_tensor ct_dequantize(ct_ref values, ct_ref scales) noexcept {
  return tensor([&] {
    at::NoGradGuard no_grad;
    const auto &factors = ref(scales);
    TORCH_CHECK(
        factors.numel() > 0 && ref(values).numel() % factors.numel() == 0,
        "8-bit values do not fill the blocks of their scales");
    auto blocks = ref(values).view({factors.numel(), -1});
    if (blocks.scalar_type() == at::kByte) blocks = blocks.view(at::kFloat8_e4m3fn);
    auto weight = blocks.to(factors.scalar_type()).mul_(factors.view({-1, 1}));
    return weight.view(ref(values).sizes());
  });
}
