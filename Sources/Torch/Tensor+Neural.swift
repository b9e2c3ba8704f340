import CTorch

extension Tensor {
  /// `x @ weight.T + bias` over the last dimension: `[..., in]` to `[..., out]`.
  public func linear(_ weight: Tensor, _ bias: Tensor? = nil) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_linear(handle, weight.handle, bias?.handle))
  }

  /// `self + scale * x @ weight.T` in one matrix product: `x` is `[..., in]`, `self` `[..., out]`.
  public func addingLinear(
    _ x: Tensor, _ weight: Tensor, scale: Double
  ) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_linear_onto(handle, x.handle, weight.handle, scale))
  }

  /// `x @ weight.T + bias` with frozen weights and low-rank updates, one node of the graph.
  ///
  /// - Parameters:
  ///   - norm: a frozen layer normalisation that comes first. Its output is not kept.
  ///   - gradients: where a backward pass adds the gradients of `down` and of each stack.
  ///   - down: `[ranks, in]`.
  ///   - ups: stacks `[n, out, rank]`. Each changes the `n * out` output columns from `column` by the
  ///     next `n * rank` columns of `x @ down.T`, times `scale`.
  package func loraLinear(
    _ weight: Tensor, _ bias: Tensor?, down: Tensor,
    ups: [(stack: Tensor, column: Int, scale: Double)], gradients: [Tensor],
    norm: (weight: Tensor, bias: Tensor, eps: Double)? = nil
  ) throws(TorchError) -> Tensor {
    let (columns, scales) = (ups.map(\.column).int64s, ups.map(\.scale))
    let handle = withHandles(ups.map(\.stack)) { stacks, count in
      withHandles(gradients) { gradients, _ in
        ct_lora_linear(
          self.handle, norm?.weight.handle, norm?.bias.handle, norm?.eps ?? 0, weight.handle,
          bias?.handle, down.handle, stacks, gradients, columns, scales, count)
      }
    }
    return try Tensor(adopting: handle)
  }

  /// `a * gelu(b)`, where `a` and `b` are the halves of the last dimension (Shazeer 2020). Keeps only
  /// its input for the backward pass.
  public func geglu() throws(TorchError) -> Tensor { try Tensor(adopting: ct_geglu(handle)) }

  /// A convolution of `[B, C, H, W]` with square stride and zero padding.
  public func conv2d(
    _ weight: Tensor, _ bias: Tensor? = nil, stride: Int = 1, padding: Int = 0
  ) throws(TorchError) -> Tensor {
    try Tensor(
      adopting: ct_conv2d(handle, weight.handle, bias?.handle, Int64(stride), Int64(padding)))
  }

  /// Group normalisation of `[B, C, ...]` (Wu & He 2018).
  public func groupNorm(
    _ groups: Int, _ weight: Tensor?, _ bias: Tensor?, eps: Double
  ) throws(TorchError) -> Tensor {
    try Tensor(
      adopting: ct_group_norm(handle, Int64(groups), weight?.handle, bias?.handle, eps))
  }

  /// `silu(group_norm(x))` of `[B, C, ...]`. With frozen weights it keeps its input only for the
  /// backward pass.
  public func groupNormSiLU(
    _ groups: Int, _ weight: Tensor, _ bias: Tensor, eps: Double
  ) throws(TorchError) -> Tensor {
    try Tensor(
      adopting: ct_group_norm_silu(handle, Int64(groups), weight.handle, bias.handle, eps))
  }

  /// Layer normalisation over the last dimensions, of the given shape (Ba et al. 2016).
  public func layerNorm(
    _ shape: [Int], _ weight: Tensor?, _ bias: Tensor?, eps: Double
  ) throws(TorchError) -> Tensor {
    try Tensor(
      adopting: ct_layer_norm(
        handle, shape.int64s, shape.count, weight?.handle, bias?.handle, eps))
  }

  /// The rows of `weight` at these int64 ids: `[...]` to `[..., C]`.
  public func embedding(_ weight: Tensor) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_embedding(handle, weight.handle))
  }

  /// softmax(Q K^T / sqrt(D)) V over `[B, H, N, D]` (Vaswani et al. 2017), with libtorch's fastest
  /// kernel for the device; `mask` is added to the scores.
  public static func scaledDotProductAttention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor? = nil, isCausal: Bool = false
  ) throws(TorchError) -> Tensor {
    try Tensor(
      adopting: ct_attention(query.handle, key.handle, value.handle, mask?.handle, isCausal))
  }

  /// `[B, C, H, W]` enlarged by repeating pixels.
  public func upsampleNearest2d(height: Int, width: Int) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_upsample_nearest(handle, Int64(height), Int64(width)))
  }

  /// `[B, C, H, W]` resampled with an antialiased bicubic filter.
  public func bicubicResized(height: Int, width: Int) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_resize_bicubic(handle, Int64(height), Int64(width)))
  }
}
