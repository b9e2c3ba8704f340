// The operations of optimizers, on many tensors at once; ctorch.h has the conventions.
#ifndef CTORCH_OPTIM_H
#define CTORCH_OPTIM_H

#include "ctorch.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

// MARK: Optimizers

/// One fused AdamW step (Loshchilov & Hutter 2019) over `count` parameters; `steps` are float32
/// scalars on the parameters' device and count up. If the float32 scalar `found_inf` is 1, nothing
/// changes.
int ct_adamw(
    const ct_ref _Nonnull *_Nonnull parameters, const ct_ref _Nonnull *_Nonnull gradients,
    const ct_ref _Nonnull *_Nonnull averages, const ct_ref _Nonnull *_Nonnull squares,
    const ct_ref _Nonnull *_Nonnull steps, size_t count, ct_ref _Nullable found_inf,
    double learning_rate, double beta1, double beta2, double weight_decay, double eps) CT_NOEXCEPT;
/// Joins tensors that follow each other in memory, in each of `lists` parallel lists of `count` tensors.
/// Writes the members of the first list, then those of the second and so on, to `results`, which has room
/// for all tensors, and the number of members of a list to `joined`. The results share memory with the
/// tensors, are flat where they join several, and belong to no graph.
int ct_join(
    const ct_ref _Nonnull *_Nonnull tensors, size_t lists, size_t count,
    ct_tensor _Nullable *_Nonnull results, size_t *_Nonnull joined) CT_NOEXCEPT;
/// Overwrites each tensor of `destinations` with its source, converting as needed.
int ct_copy_each(
    const ct_ref _Nonnull *_Nonnull destinations, const ct_ref _Nonnull *_Nonnull sources,
    size_t count) CT_NOEXCEPT;
/// Adds each source to the tensor of `destinations`, of the same type.
int ct_add_each(
    const ct_ref _Nonnull *_Nonnull destinations, const ct_ref _Nonnull *_Nonnull sources,
    size_t count) CT_NOEXCEPT;
/// The 2-norm over all tensors together, a float32 scalar on their device; 0 for no tensors.
ct_tensor _Nullable ct_norm(const ct_ref _Nonnull *_Nonnull tensors, size_t count) CT_NOEXCEPT;
/// Scales every tensor in place so that the 2-norm of all, the scalar `norm`, becomes at most
/// `maximum` (torch.nn.utils.clip_grad_norm_).
int ct_clip(
    const ct_ref _Nonnull *_Nonnull tensors, size_t count, ct_ref norm, double maximum) CT_NOEXCEPT;
/// 1 as a float32 scalar if an element is not finite, else 0.
ct_tensor _Nullable ct_found_inf(ct_ref values) CT_NOEXCEPT;
/// Multiplies every tensor in place.
int ct_scale(const ct_ref _Nonnull *_Nonnull tensors, size_t count, double factor) CT_NOEXCEPT;

// MARK: In place

/// `a *= factor`, in no graph, as the other operations of this part.
int ct_multiply_in_place(ct_tensor a, double factor) CT_NOEXCEPT;
/// `a += factor * b`.
int ct_add_in_place(ct_tensor a, ct_ref b, double factor) CT_NOEXCEPT;
/// `a += factor * b * c`.
int ct_add_product_in_place(ct_tensor a, ct_ref b, ct_ref c, double factor) CT_NOEXCEPT;
/// `a += factor * b / c`.
int ct_add_quotient_in_place(ct_tensor a, ct_ref b, ct_ref c, double factor) CT_NOEXCEPT;
/// `a += weight * (end - a)`.
int ct_lerp_in_place(ct_tensor a, ct_ref end, double weight) CT_NOEXCEPT;
/// `a /= divisor`.
int ct_divide_in_place(ct_tensor a, ct_ref divisor) CT_NOEXCEPT;

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
