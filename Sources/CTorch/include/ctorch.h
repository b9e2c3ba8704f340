// libtorch behind one C header.
//
// Conventions, for every function here:
//  - One kind of handle. A `ct_tensor` is owned and must be released with `ct_free`; a `ct_ref` is
//    the same pointer, borrowed for the call.
//  - Arguments are borrowed, and the caller owns a returned tensor. An optional tensor may be NULL.
//  - Failure is NULL, or -1 from functions that return a number; `ct_error` then returns the
//    message. No C++ exception leaves this library: every function is `noexcept` and catches what
//    libtorch throws.
//  - Shapes are a pointer and a count. Strings are borrowed both ways.
#ifndef CTORCH_H
#define CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define CT_NOEXCEPT noexcept
extern "C" {
#else
#define CT_NOEXCEPT
#endif

#pragma clang assume_nonnull begin

typedef struct ct_tensor_s *ct_tensor;
typedef const struct ct_tensor_s *ct_ref;

/// Element types. The numbers are ours; `tensor.cpp` maps them to libtorch's.
typedef enum ct_dtype {
  CT_FLOAT32 = 0,
  CT_FLOAT64 = 1,
  CT_FLOAT16 = 2,
  CT_BFLOAT16 = 3,
  CT_INT64 = 4,
  CT_INT32 = 5,
  CT_INT16 = 6,
  CT_INT8 = 7,
  CT_UINT8 = 8,
  CT_BOOL = 9,
} ct_dtype;

/// Where a tensor lives: `index` is -1 for the CPU, else the number of the CUDA device.
typedef struct ct_device {
  int32_t index;
} ct_device;

// MARK: Errors

/// The message of the last failed call on this thread, one sentence. Valid until the next failure.
const char *ct_error(void) CT_NOEXCEPT;
/// Whether that call failed for lack of memory.
bool ct_error_is_out_of_memory(void) CT_NOEXCEPT;
/// Whether a message of libtorch or CUDA is about a lack of memory.
bool ct_mentions_out_of_memory(const char *message) CT_NOEXCEPT;

// MARK: Lifetime and metadata

void ct_free(ct_tensor tensor) CT_NOEXCEPT;
/// A second handle of the same tensor.
ct_tensor _Nullable ct_alias(ct_ref tensor) CT_NOEXCEPT;
int64_t ct_dimensions(ct_ref tensor) CT_NOEXCEPT;
/// Writes `ct_dimensions` values.
int ct_shape(ct_ref tensor, int64_t *shape) CT_NOEXCEPT;
int64_t ct_count(ct_ref tensor) CT_NOEXCEPT;
/// The element type as a `ct_dtype`, or -1 for a type that is not in it.
int32_t ct_dtype_of(ct_ref tensor) CT_NOEXCEPT;
int ct_device_of(ct_ref tensor, ct_device *device) CT_NOEXCEPT;

// MARK: Creation and bytes

ct_tensor _Nullable ct_full(
    const int64_t *shape, size_t dimensions, double value, ct_dtype dtype,
    ct_device device) CT_NOEXCEPT;
ct_tensor _Nullable ct_empty(
    const int64_t *shape, size_t dimensions, ct_dtype dtype, ct_device device) CT_NOEXCEPT;
/// Zeros in the shapes of tensors of one type and device. They follow each other in memory in the order
/// in which the tensors do.
int ct_neighbours(
    const ct_ref _Nonnull *_Nonnull tensors, size_t count,
    ct_tensor _Nullable *_Nonnull results) CT_NOEXCEPT;
/// Sets all elements to zero, in place.
int ct_zero(ct_tensor a) CT_NOEXCEPT;
ct_tensor _Nullable ct_arange(double start, double end, double step, ct_dtype dtype) CT_NOEXCEPT;
/// A CPU tensor holding a copy of `bytes`.
ct_tensor _Nullable ct_from_bytes(
    const void *bytes, size_t count, const int64_t *shape, size_t dimensions,
    ct_dtype dtype) CT_NOEXCEPT;
/// A CPU tensor over memory of the caller. `release(owner)` is called when libtorch no longer needs
/// the memory, and also when this call fails.
ct_tensor _Nullable ct_from_memory(
    const void *memory, const int64_t *shape, size_t dimensions, ct_dtype dtype, void *owner,
    void (*release)(void *owner)) CT_NOEXCEPT;
/// Copies the elements, in row-major order, to `bytes`, which holds `capacity` bytes.
int ct_copy_bytes(ct_ref tensor, void *bytes, size_t capacity) CT_NOEXCEPT;
/// The bytes that `ct_upload` needs for tensors.
int64_t ct_upload_size(const ct_ref _Nonnull *_Nonnull tensors, size_t count) CT_NOEXCEPT;
/// Writes views of the uint8 tensor `memory`, one after the other and aligned, with the types and
/// shapes of tensors.
int ct_upload_views(
    ct_ref memory, const ct_ref _Nonnull *_Nonnull tensors, size_t count,
    ct_tensor _Nullable *_Nonnull views) CT_NOEXCEPT;
/// Copies CPU tensors to the places of those views, without waiting for the device of `memory`.
int ct_upload(
    ct_tensor memory, const ct_ref _Nonnull *_Nonnull tensors, size_t count) CT_NOEXCEPT;
/// The calls of this thread that wait for a GPU: reads to host memory, and copies from it other than
/// `ct_upload`. They are counted on a CPU, too.
int64_t ct_wait_count(void) CT_NOEXCEPT;
/// Overwrites the elements of `destination` with those of `source`, converting as needed.
int ct_copy(ct_tensor destination, ct_ref source) CT_NOEXCEPT;

// MARK: Pointwise

ct_tensor _Nullable ct_add(ct_ref a, ct_ref b) CT_NOEXCEPT;
ct_tensor _Nullable ct_add_scalar(ct_ref a, double b) CT_NOEXCEPT;
ct_tensor _Nullable ct_sub(ct_ref a, ct_ref b) CT_NOEXCEPT;
ct_tensor _Nullable ct_mul(ct_ref a, ct_ref b) CT_NOEXCEPT;
ct_tensor _Nullable ct_mul_scalar(ct_ref a, double b) CT_NOEXCEPT;
ct_tensor _Nullable ct_div(ct_ref a, ct_ref b) CT_NOEXCEPT;
ct_tensor _Nullable ct_div_scalar(ct_ref a, double b) CT_NOEXCEPT;
ct_tensor _Nullable ct_exp(ct_ref a) CT_NOEXCEPT;
ct_tensor _Nullable ct_sqrt(ct_ref a) CT_NOEXCEPT;
/// -1, 0 or 1.
ct_tensor _Nullable ct_sign(ct_ref a) CT_NOEXCEPT;
/// For each element of `a` how many of at most 255 ascending `boundaries` are below it, as uint8.
ct_tensor _Nullable ct_bucketize(ct_ref a, ct_ref boundaries) CT_NOEXCEPT;
/// The sum of the products of the elements of two flat tensors, a scalar.
ct_tensor _Nullable ct_dot(ct_ref a, ct_ref b) CT_NOEXCEPT;
/// The largest absolute value along the last dimension.
ct_tensor _Nullable ct_max_abs_last(ct_ref a) CT_NOEXCEPT;
ct_tensor _Nullable ct_square(ct_ref a) CT_NOEXCEPT;
ct_tensor _Nullable ct_abs(ct_ref a) CT_NOEXCEPT;
ct_tensor _Nullable ct_sin(ct_ref a) CT_NOEXCEPT;
ct_tensor _Nullable ct_cos(ct_ref a) CT_NOEXCEPT;
ct_tensor _Nullable ct_sigmoid(ct_ref a) CT_NOEXCEPT;
ct_tensor _Nullable ct_silu(ct_ref a) CT_NOEXCEPT;
ct_tensor _Nullable ct_gelu(ct_ref a) CT_NOEXCEPT;
ct_tensor _Nullable ct_round(ct_ref a) CT_NOEXCEPT;
ct_tensor _Nullable ct_clamp(ct_ref a, double minimum, double maximum) CT_NOEXCEPT;
/// 1 if every element is finite, 0 if not, -1 on failure.
int ct_all_finite(ct_ref a) CT_NOEXCEPT;

// MARK: Shape

ct_tensor _Nullable ct_reshape(ct_ref a, const int64_t *shape, size_t dimensions) CT_NOEXCEPT;
ct_tensor _Nullable ct_permute(ct_ref a, const int64_t *order, size_t dimensions) CT_NOEXCEPT;
ct_tensor _Nullable ct_transpose(ct_ref a, int64_t first, int64_t second) CT_NOEXCEPT;
ct_tensor _Nullable ct_narrow(
    ct_ref a, int64_t dimension, int64_t start, int64_t length) CT_NOEXCEPT;
ct_tensor _Nullable ct_select(ct_ref a, int64_t dimension, int64_t index) CT_NOEXCEPT;
ct_tensor _Nullable ct_index_select(ct_ref a, int64_t dimension, ct_ref index) CT_NOEXCEPT;
ct_tensor _Nullable ct_unsqueeze(ct_ref a, int64_t dimension) CT_NOEXCEPT;
ct_tensor _Nullable ct_expand(ct_ref a, const int64_t *shape, size_t dimensions) CT_NOEXCEPT;
/// Writes one view for each size, side by side along a dimension.
int ct_split(
    ct_ref a, const int64_t *sizes, size_t count, int64_t dimension,
    ct_tensor _Nullable *_Nonnull parts) CT_NOEXCEPT;
ct_tensor _Nullable ct_cat(
    const ct_ref _Nonnull *_Nonnull tensors, size_t count, int64_t dimension) CT_NOEXCEPT;
/// The same `[B, C, H, W]` with the channels of a pixel side by side in memory.
ct_tensor _Nullable ct_channels_last(ct_ref a) CT_NOEXCEPT;
ct_tensor _Nullable ct_pad(
    ct_ref a, const int64_t *padding, size_t count, double value) CT_NOEXCEPT;

// MARK: Linear algebra

/// Writes `u`, `s` and `vh` of the thin singular value decomposition of a matrix.
int ct_svd(ct_ref a, ct_tensor _Nullable *_Nonnull parts) CT_NOEXCEPT;
/// Writes `q` and `r` of the thin QR decomposition of a matrix.
int ct_qr(ct_ref a, ct_tensor _Nullable *_Nonnull parts) CT_NOEXCEPT;

// MARK: Reduction

ct_tensor _Nullable ct_sum(ct_ref a) CT_NOEXCEPT;
ct_tensor _Nullable ct_sum_axes(ct_ref a, const int64_t *axes, size_t count, bool keep) CT_NOEXCEPT;
ct_tensor _Nullable ct_mean(ct_ref a) CT_NOEXCEPT;
ct_tensor _Nullable ct_mean_axes(
    ct_ref a, const int64_t *axes, size_t count, bool keep) CT_NOEXCEPT;
ct_tensor _Nullable ct_max(ct_ref a) CT_NOEXCEPT;

// MARK: Neural

/// `x @ weight.T + bias`.
ct_tensor _Nullable ct_linear(ct_ref x, ct_ref weight, ct_ref _Nullable bias) CT_NOEXCEPT;
/// `scale * x @ weight.T + base`, in one matrix product over the flattened rows of `x`.
ct_tensor _Nullable ct_linear_onto(ct_ref base, ct_ref x, ct_ref weight, double scale) CT_NOEXCEPT;
/// `y = x @ weight.T + bias` of `[..., in]` with frozen weights and low-rank updates, one node of the
/// graph. `down` is `[ranks, in]`. A stack of up matrices `[n, out, rank]` changes the next `n * out`
/// columns of `y` from its entry in `columns`, by the next `n * rank` columns of `x @ down.T`, times
/// its entry in `scales`. With `norm_weight` and `norm_bias`, frozen too, `x` is normalised first. A
/// backward pass adds the gradients of `down` and of the stacks to the `count + 1` tensors in
/// `gradients`.
ct_tensor _Nullable ct_lora_linear(
    ct_ref x, ct_ref _Nullable norm_weight, ct_ref _Nullable norm_bias, double norm_eps,
    ct_ref weight, ct_ref _Nullable bias, ct_ref down, const ct_ref _Nonnull *_Nonnull ups,
    const ct_ref _Nonnull *_Nonnull gradients, const int64_t *columns, const double *scales,
    size_t count) CT_NOEXCEPT;
ct_tensor _Nullable ct_matmul(ct_ref a, ct_ref b) CT_NOEXCEPT;
/// `a * gelu(b)`, where `a` and `b` are the halves of the last dimension.
ct_tensor _Nullable ct_geglu(ct_ref x) CT_NOEXCEPT;
ct_tensor _Nullable ct_conv2d(
    ct_ref x, ct_ref weight, ct_ref _Nullable bias, int64_t stride, int64_t padding) CT_NOEXCEPT;
ct_tensor _Nullable ct_group_norm(
    ct_ref x, int64_t groups, ct_ref _Nullable weight, ct_ref _Nullable bias,
    double eps) CT_NOEXCEPT;
/// `silu(group_norm(x))`. With frozen weights it is one node of the graph, which keeps `x` only.
ct_tensor _Nullable ct_group_norm_silu(
    ct_ref x, int64_t groups, ct_ref weight, ct_ref bias, double eps) CT_NOEXCEPT;
ct_tensor _Nullable ct_layer_norm(
    ct_ref x, const int64_t *shape, size_t dimensions, ct_ref _Nullable weight,
    ct_ref _Nullable bias, double eps) CT_NOEXCEPT;
ct_tensor _Nullable ct_embedding(ct_ref ids, ct_ref weight) CT_NOEXCEPT;
ct_tensor _Nullable ct_attention(
    ct_ref query, ct_ref key, ct_ref value, ct_ref _Nullable mask, bool causal) CT_NOEXCEPT;
ct_tensor _Nullable ct_upsample_nearest(ct_ref x, int64_t height, int64_t width) CT_NOEXCEPT;
/// Antialiased bicubic resampling of `[B, C, H, W]`.
ct_tensor _Nullable ct_resize_bicubic(ct_ref x, int64_t height, int64_t width) CT_NOEXCEPT;

// MARK: Type and device

ct_tensor _Nullable ct_to_dtype(ct_ref a, ct_dtype dtype) CT_NOEXCEPT;
ct_tensor _Nullable ct_to_device(ct_ref a, ct_device device) CT_NOEXCEPT;
/// Brings `count` tensors from host memory to a device and to the type `dtype`, or each to its own
/// for -1, one after the other. `next` returns an owned tensor, `take` owns the result and learns
/// whether it is a copy. NULL or false ends the transfer; the caller knows the reason. With `staging`
/// above 0 all are copied through two buffers of that many bytes each, pinned for a GPU.
int ct_transfer(
    size_t count, int32_t dtype, ct_device device, size_t staging, void *context,
    ct_tensor _Nullable (*_Nonnull next)(void *context, size_t index),
    bool (*_Nonnull take)(void *context, size_t index, ct_tensor tensor, bool is_copy)) CT_NOEXCEPT;

/// A copy of host memory on a device, whose transfer overlaps with what the device computes. From pinned
/// memory it does not wait for the host either. Await it before its first use.
ct_tensor _Nullable ct_fetch(ct_ref a, ct_device device) CT_NOEXCEPT;
/// Lets the device's next operations wait for the transfer of a tensor from `ct_fetch`.
int ct_await_fetch(ct_ref a) CT_NOEXCEPT;
/// A copy in host memory that a GPU reads directly.
ct_tensor _Nullable ct_pinned(ct_ref a) CT_NOEXCEPT;

// MARK: Quantization

/// Writes a weight as 8-bit `values` in its shape, and one number of the type `scale` for each `block` of
/// them, by which they are multiplied. The values are int8, or with `floating` the bits of float8 with
/// four for the exponent and three for the fraction, as uint8.
int ct_quantize(
    ct_ref weight, bool floating, ct_dtype scale, int64_t block,
    ct_tensor _Nullable *_Nonnull values, ct_tensor _Nullable *_Nonnull scales) CT_NOEXCEPT;
/// The weight, in the type of the scales.
ct_tensor _Nullable ct_dequantize(ct_ref values, ct_ref scales) CT_NOEXCEPT;

// MARK: Autograd

/// 1 or 0; -1 on failure.
int ct_requires_grad(ct_ref a) CT_NOEXCEPT;
int ct_set_requires_grad(ct_tensor a, bool enabled) CT_NOEXCEPT;
ct_tensor _Nullable ct_detach(ct_ref a) CT_NOEXCEPT;
ct_tensor _Nullable ct_clone(ct_ref a) CT_NOEXCEPT;
int ct_backward(ct_ref loss) CT_NOEXCEPT;
/// Writes the accumulated gradient, or NULL if the tensor has none.
int ct_grad(ct_ref a, ct_tensor _Nullable *_Nonnull gradient) CT_NOEXCEPT;
/// Makes `a` a tensor of the memory of `data`, which has its shape and type. Those who hold `a` keep it.
int ct_set_data(ct_tensor a, ct_ref data) CT_NOEXCEPT;
int ct_set_grad(ct_tensor a, ct_ref _Nullable gradient) CT_NOEXCEPT;
/// 1 or 0; -1 on failure.
int ct_grad_enabled(void) CT_NOEXCEPT;
int ct_set_grad_enabled(bool enabled) CT_NOEXCEPT;

/// The body of a checkpointed call: takes `count` borrowed inputs and returns one owned output, or
/// NULL after `ct_fail`.
typedef ct_tensor _Nullable (*ct_body)(
    void *context, const ct_ref _Nonnull *_Nonnull inputs, size_t count);
/// Runs `body` without keeping its activations and runs it again in the backward pass (Chen et al.
/// 2016, torch.utils.checkpoint). `leaves` are the trained tensors that `body` reads besides its
/// inputs. `release(context)` is called once, when neither pass can need the body any more.
ct_tensor _Nullable ct_checkpoint(
    ct_body body, void *context, void (*release)(void *context),
    const ct_ref _Nonnull *_Nonnull inputs, size_t input_count,
    const ct_ref _Nonnull *_Nonnull leaves, size_t leaf_count) CT_NOEXCEPT;
/// Sets the error of this thread. A body calls it before it returns NULL.
void ct_fail(const char *message, bool out_of_memory) CT_NOEXCEPT;

// MARK: Graphs

/// Work on a device that is recorded once and then repeated as a whole, on the same memory and with the same
/// arguments: a CUDA graph, and on the CPU the operations. Owned, and released with `ct_graph_free`.
typedef struct ct_graph_s *ct_graph;
/// A graph that has recorded nothing yet.
ct_graph _Nullable ct_graph_create(ct_device device) CT_NOEXCEPT;
/// Another one, which uses the memory of the first. The results of either are valid until the next replay of
/// the other.
ct_graph _Nullable ct_graph_neighbour(ct_graph other) CT_NOEXCEPT;
/// Starts to record the operations of this thread and of its backward passes. A GPU executes them at the
/// end of the recording.
int ct_graph_begin(ct_graph graph) CT_NOEXCEPT;
int ct_graph_end(ct_graph graph) CT_NOEXCEPT;
/// Ends a recording whose work has failed. The graph cannot be repeated.
int ct_graph_abandon(ct_graph graph) CT_NOEXCEPT;
/// Queues the recorded work once more.
int ct_graph_replay(ct_graph graph) CT_NOEXCEPT;
int ct_graph_free(ct_graph graph) CT_NOEXCEPT;

// MARK: Random

/// The state of a CPU generator seeded as `torch.Generator("cpu").manual_seed(seed)`.
ct_tensor _Nullable ct_generator(uint64_t seed) CT_NOEXCEPT;
/// Standard normal float32 values; advances `generator`.
ct_tensor _Nullable ct_randn(
    ct_tensor generator, const int64_t *shape, size_t dimensions) CT_NOEXCEPT;
/// Ones with a probability and zeros, float32, as `Tensor.bernoulli_` with the device's own generator and
/// this seed.
ct_tensor _Nullable ct_bernoulli(
    const int64_t *shape, size_t dimensions, double probability, uint64_t seed,
    ct_device device) CT_NOEXCEPT;

// MARK: Devices and memory

/// The number of usable CUDA devices; 0 if libtorch was built without CUDA.
int32_t ct_cuda_count(void) CT_NOEXCEPT;
/// The version of the loaded libtorch: major, minor and patch in the three highest bytes; 0 on
/// failure.
uint64_t ct_version(void) CT_NOEXCEPT;
/// The version of the headers that this library was compiled against, in the same form.
uint64_t ct_compiled_version(void) CT_NOEXCEPT;
/// Writes the name of a CUDA device's model and a NUL, at most `capacity` bytes.
int ct_device_name(ct_device device, char *name, size_t capacity) CT_NOEXCEPT;
/// Bytes that tensors hold on a CUDA device: now, and the peak since `ct_reset_peak_memory`. The memory of
/// graphs is part of the peak.
int ct_memory_allocated(ct_device device, int64_t *now, int64_t *peak) CT_NOEXCEPT;
/// Starts a new peak at what is allocated now.
int ct_reset_peak_memory(ct_device device) CT_NOEXCEPT;
/// Whether this thread may use operations that are faster on this processor than libtorch's choice. It
/// may at first. Without them, a CPU gets the operations that a GPU gets.
int ct_set_processor_kernels(bool enabled) CT_NOEXCEPT;
/// Counts the memory of the tensors that are made on the CPU from now on.
int ct_count_memory(void) CT_NOEXCEPT;
/// Counted bytes that this thread has allocated, less those it has freed: now, and the peak since the
/// last call.
int ct_thread_memory(int64_t *now, int64_t *peak) CT_NOEXCEPT;
/// The most bytes that this thread may have allocated from now on, as they are counted; 0 for no limit.
/// What needs more fails with an error about memory.
int ct_limit_thread_memory(int64_t bytes) CT_NOEXCEPT;
/// Returns the machine's memory that was freed to the system.
int ct_trim_memory(void) CT_NOEXCEPT;
/// Bytes free and in total on a CUDA device.
int ct_memory_info(ct_device device, int64_t *free, int64_t *total) CT_NOEXCEPT;
/// Returns cached blocks to the driver. Does nothing after a graph whose recording did not end.
int ct_empty_cache(void) CT_NOEXCEPT;
/// CPU threads that one operation may use; -1 on failure.
int32_t ct_threads(void) CT_NOEXCEPT;
int ct_set_threads(int32_t count) CT_NOEXCEPT;

/// Allows only kernels that give the same bits each time. An operation without such a kernel then
/// fails. Call it before CUDA is used.
int ct_use_deterministic_kernels(void) CT_NOEXCEPT;
/// Whether cuDNN tries out up to ten algorithms for each new shape of a convolution and keeps the fastest: 1
/// or 0; -1 on failure.
int ct_tunes_convolutions(void) CT_NOEXCEPT;
int ct_set_tunes_convolutions(bool enabled) CT_NOEXCEPT;

// MARK: Counts

/// Starts to count the operations of this thread, and of the backward passes it starts.
int ct_count_start(void) CT_NOEXCEPT;
/// Ends the count. Calls `each` with every operation that launched kernels of its own, such as
/// "aten::mm", and the number of its calls.
int ct_count_stop(
    void (*each)(void *_Nullable context, const char *name, int64_t count),
    void *_Nullable context) CT_NOEXCEPT;

// MARK: Profiler

/// Records this thread's operations, the backward passes that it starts and, with a GPU, their kernels.
int ct_profiler_start(void) CT_NOEXCEPT;
/// Ends the recording and writes it to a file, as JSON in Chrome's trace format.
int ct_profiler_stop(const char *path) CT_NOEXCEPT;

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
