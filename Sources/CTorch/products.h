// Matrix products with the fastest library that libtorch has for the processor.
#pragma once

#include <ATen/ATen.h>

#include <optional>

namespace shim {

/// `a b` of matrices, without autograd.
at::Tensor product(const at::Tensor &a, const at::Tensor &b);

/// `rows weight^T + bias` of `[M, in]` and `[out, in]`, without autograd.
at::Tensor linear_rows(
    const at::Tensor &rows, const at::Tensor &weight, const std::optional<at::Tensor> &bias);

/// Whether `product` multiplies `a` with a matrix of `columns` columns by oneDNN.
bool uses_onednn(const at::Tensor &a, int64_t columns);

}  // namespace shim
